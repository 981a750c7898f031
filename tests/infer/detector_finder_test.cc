#include "infer/detector_finder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "infer/detect_job.h"
#include "testing/allocation_meter.h"
#include "testing/temporary_folder.h"
#include "tests/infer/nano_detector.h"

namespace skysense {
namespace {

using testing::nano_detector;
using testing::NanoDetector;
using testing::TemporaryFolder;

TileSeries noise_of(int64_t tiles, int64_t dates, int64_t side) {
  return {torch::randn({tiles, dates, 2, side, side}) * 4, torch::ones({tiles, dates, side, side}, torch::kBool),
          100 + torch::arange(dates, torch::kInt64)};
}

/// Tiles of noise as a scene of HR alone gives them.
TileBatch noise(int64_t tiles, int64_t side) {
  TileBatch batch{.side = side, .tiles = {}, .times = {{}}};
  for (int64_t i = 0; i < tiles; ++i) batch.tiles.push_back({0, i * side, side, side});
  at::Generator generator = at::globalContext().defaultGenerator(at::kCPU);
  generator.set_current_seed(3);
  batch.times[0][Modality::kHr] = noise_of(tiles, 1, side);
  return batch;
}

torch::Tensor normalised(const TileSeries& series, const SensorContract& contract) {
  return (series.values - contract.bands[0].mean) / contract.bands[0].std;
}

constexpr int64_t kDates = 3, kHrPixels = 4;  // a MS pixel

/// A detector of several sensors or of series, with scenes of them: HR of 0.5 m, MS of 2 m.
struct Series {
  explicit Series(const NanoDetector& task) : product(nano_detector(folder.path(), task)) {}

  TaskScenes scenes() const {
    SceneRequest request;
    request.wanted = product.parts.contracts;
    const auto value = [](int64_t band, int64_t row, int64_t column) {
      return static_cast<float>(100 + band + row % 7 + column % 9);
    };
    const auto write = [&](const std::string& name, int64_t pixels) {
      const testing::Place place{
          .pixel = 0.5 * static_cast<double>(pixels), .width = 200 / pixels, .height = 160 / pixels};
      return testing::write_scene(folder / name, place, 2, PixelType::kUInt16, value);
    };
    if (product.parts.contracts[Modality::kHr])
      request.images[Modality::kHr] = {{write("hr.tif", 1), std::nullopt, ""}};
    for (int day = 1; day <= kDates; ++day)
      request.images[Modality::kMs].push_back({write(fmt::format("ms{}.tif", day), kHrPixels), Date{2024, 5, day}, ""});
    return TaskScenes(product.parts, {request}, std::nullopt);
  }
  /// Tiles of so many cells, of noise.
  TileBatch noise(int64_t tiles, int64_t side) const {
    TileBatch batch = skysense::noise(tiles, side);
    auto& images = batch.times[0];
    images[Modality::kHr].reset();
    if (product.parts.contracts[Modality::kHr]) images[Modality::kHr] = noise_of(tiles, 1, side * kHrPixels);
    images[Modality::kMs] = noise_of(tiles, kDates, side);
    return batch;
  }

  TemporaryFolder folder;
  DetectionProduct product;
};

const std::vector<NanoDetector> kSeries = {{DetectorKind::kOrientedRcnn, {Modality::kHr, Modality::kMs}, Modality::kHr},
                                           {DetectorKind::kFasterRcnn, {Modality::kHr, Modality::kMs}, Modality::kMs},
                                           {DetectorKind::kOrientedRcnn, {Modality::kMs}, Modality::kMs}};

class FinderOf : public ::testing::TestWithParam<DetectorKind> {
 protected:
  TemporaryFolder folder;
  DetectionProduct product = nano_detector(folder.path(), {GetParam()});

  TaskScenes scenes() const {
    const testing::Place place{.pixel = 0.5, .width = 200, .height = 150};
    const auto file = testing::write_scene(folder / "scene.tif", place, 2, PixelType::kUInt16,
                                           [](int64_t band, int64_t row, int64_t column) {
                                             return static_cast<float>(100 + band + row % 7 + column % 9);
                                           });
    SceneRequest request;
    request.wanted = product.parts.contracts;
    request.images[Modality::kHr] = {{file, std::nullopt, ""}};
    return TaskScenes(product.parts, {request}, std::nullopt);
  }
};

TEST_P(FinderOf, TilesSaysWhatTheNetworkSays) {
  const c10::InferenceMode inference;
  const TaskScenes scene = scenes();
  const Tiling tiling = scene.tiling({.tile = 64});
  const DetectorFinder finder(product, scene, tiling, c10::kFloat);
  const TileBatch batch = noise(2, 64);
  const auto found = finder.find(batch);
  DetectionBatch input;
  input.input.series[Modality::kHr] =
      TaskSeries{normalised(*batch.times[0][Modality::kHr], *product.parts.contracts[Modality::kHr])};
  const auto expected = product.network->forward(input).detections;
  ASSERT_EQ(found.size(), 2u);
  for (size_t tile = 0; tile < 2; ++tile) {
    ASSERT_EQ(static_cast<int64_t>(found[tile].size()), expected[tile].scores.size(0));
    ASSERT_GT(found[tile].size(), 0u);
    EXPECT_EQ(found[tile][0].score, expected[tile].scores[0].item<float>());
    EXPECT_EQ(found[tile][0].object_class, expected[tile].classes[0].item<int64_t>());
    EXPECT_NEAR(found[tile][0].box.area(), oriented_boxes(expected[tile].boxes)[0].area(), 1e-6);
  }
}

TEST_P(FinderOf, TilesTakesNoMoreMemoryThanItSays) {
  const c10::InferenceMode inference;
  const TaskScenes scene = scenes();
  for (const int64_t side : {64, 256}) {
    const Tiling tiling = scene.tiling({.tile = side});
    const DetectorFinder finder(product, scene, tiling, c10::kFloat);
    const TileBatch batch = noise(tiling.batch(), side);
    const int64_t peak = testing::peak_allocation([&] { finder.find(batch); });
    EXPECT_LT(peak, finder.workspace_bytes()) << side;
    EXPECT_GT(peak, finder.workspace_bytes() / 20) << side;
  }
}

TEST(FinderOfSeries, GivesTheBoxesOfAllDatesAndSensorsInPixelsOfTheRaster) {
  for (const NanoDetector& task : kSeries) {
    const Series series(task);
    const c10::InferenceMode inference;
    const TaskScenes scenes = series.scenes();
    const DetectorFinder finder(series.product, scenes, scenes.tiling({}), c10::kFloat);
    const TileBatch batch = series.noise(2, 16);
    DetectionBatch input;
    for (const Modality modality : task.modalities) {
      const TileSeries& tiles = *batch.times[0][modality];
      input.input.series[modality] =
          TaskSeries{.images = normalised(tiles, *series.product.parts.contracts[modality]),
                     .day_of_year = tiles.day_of_year.unsqueeze(0).expand({2, tiles.day_of_year.size(0)})};
    }
    DetectionModel network = series.product.network;
    const Detections expected = network(input).detections.at(1);
    const auto found = finder.find(batch).at(1);
    ASSERT_EQ(static_cast<int64_t>(found.size()), expected.scores.size(0));
    ASSERT_GT(found.size(), 0u);
    EXPECT_EQ(found[0].score, expected.scores[0].item<float>());
    const bool on_hr = task.modalities.front() == Modality::kHr;
    const double factor = on_hr && task.seen == Modality::kMs ? kHrPixels : 1;
    const OrientedBox box = oriented_boxes(expected.boxes)[0];
    EXPECT_NEAR(found[0].box.x, factor * box.x, 1e-6);
    EXPECT_NEAR(found[0].box.height, factor * box.height, 1e-6);
  }
}

TEST(FinderOfSeries, TakesNoMoreMemoryThanItSays) {
  for (const NanoDetector& task : kSeries) {
    const Series series(task);
    const c10::InferenceMode inference;
    const TaskScenes scenes = series.scenes();
    for (const int64_t side : {64, 160}) {
      const Tiling tiling = scenes.tiling({.tile = side});
      const DetectorFinder finder(series.product, scenes, tiling, c10::kFloat);
      const TileBatch batch = series.noise(tiling.batch(), side / kHrPixels);
      const int64_t peak = testing::peak_allocation([&] { finder.find(batch); });
      EXPECT_LT(peak, finder.workspace_bytes()) << side;
      EXPECT_GT(peak, finder.workspace_bytes() / 40) << side;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(BothDetectors, FinderOf,
                         ::testing::Values(DetectorKind::kFasterRcnn, DetectorKind::kOrientedRcnn));

}  // namespace
}  // namespace skysense
