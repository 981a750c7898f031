#include "infer/detector_finder.h"

#include <gtest/gtest.h>

#include "infer/detect_job.h"
#include "testing/allocation_meter.h"
#include "testing/temporary_folder.h"
#include "tests/infer/nano_detector.h"

namespace skysense {
namespace {

using testing::nano_detector;
using testing::TemporaryFolder;

/// Tiles of noise as a scene of that modality alone gives them.
TileBatch noise(int64_t tiles, int64_t side) {
  TileBatch batch{.side = side, .tiles = {}, .times = {{}}};
  for (int64_t i = 0; i < tiles; ++i) batch.tiles.push_back({0, i * side, side, side});
  at::Generator generator = at::globalContext().defaultGenerator(at::kCPU);
  generator.set_current_seed(3);
  batch.times[0][Modality::kHr] =
      TileSeries{torch::randn({tiles, 1, 2, side, side}) * 4, torch::ones({tiles, 1, side, side}, torch::kBool),
                 torch::zeros({1}, torch::kInt64)};
  return batch;
}

class FinderOf : public ::testing::TestWithParam<DetectorKind> {
 protected:
  TemporaryFolder folder;
  DetectionProduct product = nano_detector(folder.path(), GetParam());

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
  const auto& band = product.parts.contracts[Modality::kHr]->bands[0];
  input.input.series[Modality::kHr] = TaskSeries{(batch.times[0][Modality::kHr]->values - band.mean) / band.std};
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

INSTANTIATE_TEST_SUITE_P(BothDetectors, FinderOf,
                         ::testing::Values(DetectorKind::kFasterRcnn, DetectorKind::kOrientedRcnn));

}  // namespace
}  // namespace skysense
