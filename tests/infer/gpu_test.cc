#include <gtest/gtest.h>
#include <torch/cuda.h>

#include "engine/device.h"
#include "infer/detector_finder.h"
#include "infer/product_extractor.h"
#include "infer/task_extractor.h"
#include "infer/task_scenes.h"
#include "testing/all_close.h"
#include "testing/temporary_folder.h"
#include "tests/infer/nano_detector.h"
#include "tests/infer/nano_model.h"
#include "tests/infer/nano_task.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::nano_detector;
using testing::nano_model;
using testing::nano_task;
using testing::TemporaryFolder;

constexpr int64_t kSide = 16, kTiles = 2;

TileSeries noise(int64_t dates, int64_t side) {
  return {torch::randn({kTiles, dates, 2, side, side}) * 4, torch::rand({kTiles, dates, side, side}) < 0.9,
          100 + torch::arange(dates, torch::kInt64)};
}

TileBatch batch_of(Modality modality, int64_t dates, int64_t side) {
  torch::manual_seed(3);
  TileBatch batch{.side = side, .tiles = {}, .times = {{}}};
  for (int64_t i = 0; i < kTiles; ++i) batch.tiles.push_back({0, i * side, side, side});
  batch.times[0][modality] = noise(dates, side);
  return batch;
}

/// Networks of the same weights on the CPU and on a GPU, over the same tiles.
class TilesOnAGpu : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!torch::cuda::is_available()) GTEST_SKIP() << "there is no GPU here";
    parse_device("cuda");  // float32 means float32 from here on
  }
  SceneRequest scene_of(Modality modality, const SensorContracts& contracts) const {
    const auto value = [](int64_t band, int64_t row, int64_t column) {
      return static_cast<float>(100 + band + row % 7 + column % 9);
    };
    SceneRequest request;
    request.wanted = contracts;
    request.images[modality] = {
        {testing::write_scene(folder / "scene.tif", {.width = 200, .height = 160}, 2, PixelType::kUInt16, value),
         parse_date("2024-05-01"), ""}};
    return request;
  }

  TemporaryFolder folder;
};

TEST_F(TilesOnAGpu, HaveTheFeaturesThatTheyHaveHere) {
  const Product here = nano_model(folder.path());
  Product there = nano_model(folder.path());
  there.model->to(torch::kCUDA);
  const c10::InferenceMode inference;  // from here on: networks are made outside of it
  const Scene scene(scene_of(Modality::kMs, here.contracts));
  const TileBatch batch = batch_of(Modality::kMs, 2, kSide);
  const torch::Tensor expected = ProductExtractor(here, scene.grid()).extract(batch),
                      found = ProductExtractor(there, scene.grid()).extract(batch);
  EXPECT_TRUE(found.is_cpu());
  EXPECT_TRUE(all_close(found, expected, 1e-3, 1e-4));
}

TEST_F(TilesOnAGpu, HaveTheProbabilitiesThatTheyHaveHere) {
  for (const int64_t dates : {1, 3}) {
    const TaskProduct here = nano_task(folder.path(), {.dates = dates});
    TaskProduct there = nano_task(folder.path(), {.dates = dates});
    there.network->to(torch::kCUDA);
    const c10::InferenceMode inference;
    const TaskScenes scenes(here, {scene_of(Modality::kMs, here.contracts)}, std::nullopt);
    const TileBatch batch = batch_of(Modality::kMs, dates, kSide);
    const auto extract = [&](const TaskProduct& product, c10::ScalarType dtype) {
      return TaskExtractor(product, scenes.scene().grid(), scenes.divisions(), dtype).extract(batch);
    };
    const torch::Tensor expected = extract(here, c10::kFloat);
    EXPECT_TRUE(extract(there, c10::kFloat).is_cpu());
    EXPECT_TRUE(all_close(extract(there, c10::kFloat), expected, 0, 1e-4));
    EXPECT_TRUE(all_close(extract(there, c10::kBFloat16), expected, 0, 3e-2));
  }
}

TEST_F(TilesOnAGpu, HaveTheObjectsThatTheyHaveHere) {
  for (const auto kind : {DetectorKind::kFasterRcnn, DetectorKind::kOrientedRcnn}) {
    const DetectionProduct here = nano_detector(folder.path(), {kind}), there = nano_detector(folder.path(), {kind});
    DetectionModel network = there.network;
    network->to(torch::kCUDA);
    const c10::InferenceMode inference;
    const TaskScenes scenes(here.parts, {scene_of(Modality::kHr, here.parts.contracts)}, std::nullopt);
    const Tiling tiling = scenes.tiling({.tile = 64});
    const TileBatch batch = batch_of(Modality::kHr, 1, 64);
    const auto expected = DetectorFinder(here, scenes, tiling, c10::kFloat).find(batch),
               found = DetectorFinder(there, scenes, tiling, c10::kFloat).find(batch);
    ASSERT_EQ(found.size(), expected.size());
    for (size_t tile = 0; tile < found.size(); ++tile) {
      ASSERT_GT(expected[tile].size(), 0u);
      ASSERT_EQ(found[tile].size(), expected[tile].size());
      EXPECT_NEAR(found[tile][0].score, expected[tile][0].score, 1e-4);
      EXPECT_NEAR(found[tile][0].box.area(), expected[tile][0].box.area(), 1e-2 * expected[tile][0].box.area());
    }
  }
}

}  // namespace
}  // namespace skysense
