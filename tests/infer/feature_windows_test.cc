#include "infer/feature_windows.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "core/error.h"
#include "infer/group_plan.h"
#include "testing/all_close.h"
#include "testing/error_of.h"
#include "tests/infer/fakes.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::ContextExtractor;
using ::testing::HasSubstr;
using testing::PlaneReader;

struct Map {
  torch::Tensor values, valid;
};

/// The features of a window of cells, asked for in blocks of `side`.
Map features(RegionReader& reader, const CellWindow& window, int64_t side, int64_t room, int64_t batch = 4,
             int64_t jobs = 1) {
  const ContextExtractor extractor;
  Map map{torch::full({extractor.width(), window.rows, window.columns}, -1.0f),
          torch::zeros({window.rows, window.columns}, torch::kBool)};
  const auto place = [&](const torch::Tensor& whole, const CellWindow& block) {
    return whole.narrow(-2, block.row - window.row, block.rows).narrow(-1, block.column - window.column, block.columns);
  };
  const FeatureRun run{
      .tiling = Tiling(8, 2, batch), .room = room, .jobs = jobs, .sink = [&](const WindowFeatures& found) {
        place(map.values, found.window).copy_(found.values);
        place(map.valid, found.window).copy_(found.valid);
      }};
  compute_features(blocks_in_strips(window, side, 2), reader, extractor, run);
  return map;
}

/// Equal bit for bit, NaN included.
bool same_bits(const torch::Tensor& a, const torch::Tensor& b) {
  return a.contiguous().view(torch::kInt32).equal(b.contiguous().view(torch::kInt32));
}

const CellWindow kScene{-11, 7, 40, 50};

TEST(FeatureWindows, APartOfASceneHasTheBitsOfTheWhole) {
  PlaneReader reader(kScene, 2);
  const Map whole = features(reader, kScene, 16, 100);
  const CellWindow box{-3, 20, 17, 13};
  const Map part = features(reader, box, 16, 100);
  EXPECT_TRUE(same_bits(part.values, whole.values.narrow(1, 8, 17).narrow(2, 13, 13)));
}

TEST(FeatureWindows, RoomAndBlockSizeDoNotChangeABit) {
  PlaneReader reader(kScene, 2);
  const Map reference = features(reader, kScene, 16, 100);
  EXPECT_TRUE(same_bits(features(reader, kScene, 16, 1).values, reference.values));
  EXPECT_TRUE(same_bits(features(reader, kScene, 5, 2).values, reference.values));
  EXPECT_TRUE(same_bits(features(reader, kScene, 64, 3).values, reference.values));
}

TEST(FeatureWindows, TheNumberOfJobsDoesNotChangeABit) {
  PlaneReader reader(kScene, 2);
  const Map reference = features(reader, kScene, 16, 100);
  for (const int64_t jobs : {2, 3, 8}) {
    EXPECT_TRUE(same_bits(features(reader, kScene, 16, 2, 4, jobs).values, reference.values)) << jobs << " jobs";
  }
}

TEST(FeatureWindows, JobsComputeAtTheSameTime) {
  /// Waits until as many calls are in it as there are jobs.
  class Meeting : public ContextExtractor {
   public:
    torch::Tensor extract(const TileBatch& batch) const override {
      std::unique_lock lock(mutex_);
      if (++inside_ == 2) met_.notify_all();
      EXPECT_TRUE(met_.wait_for(lock, std::chrono::minutes(1), [this] { return inside_ >= 2; }));
      lock.unlock();
      return ContextExtractor::extract(batch);
    }

   private:
    mutable std::mutex mutex_;
    mutable std::condition_variable met_;
    mutable int inside_ = 0;
  };
  PlaneReader reader(kScene, 2);
  const FeatureRun run{.tiling = Tiling(8, 2, 4), .room = 1, .jobs = 2, .sink = [](const WindowFeatures&) {}};
  EXPECT_GT(compute_features({kScene}, reader, Meeting(), run).tiles, 8);
}

TEST(FeatureWindows, AConstantSceneHasNoSeamsAwayFromItsEdges) {
  PlaneReader reader(kScene, 2);
  reader.value = [](int64_t, int64_t) { return 0.25f; };
  const Map map = features(reader, kScene, 16, 100);
  const auto inner = map.values.narrow(0, 0, 2).narrow(1, 8, 24).narrow(2, 8, 34);  // a tile inside the edges
  EXPECT_TRUE(all_close(inner, torch::full_like(inner, 0.25f)));
}

TEST(FeatureWindows, ACutOutSceneEqualsTheLargerOneATileInsideItsEdge) {
  PlaneReader larger(kScene, 2);
  const CellWindow cut{-3, 13, 28, 30};
  PlaneReader smaller(cut, 2);
  const Map whole = features(larger, kScene, 16, 100, 1), piece = features(smaller, cut, 16, 100, 1);
  const auto inner = [](const torch::Tensor& map) { return map.narrow(1, 8, 12).narrow(2, 8, 14); };
  EXPECT_TRUE(same_bits(inner(piece.values), inner(whole.values.narrow(1, 8, 28).narrow(2, 6, 30))));
}

TEST(FeatureWindows, TheCellsOwnValueSurvivesBlending) {
  PlaneReader reader(kScene, 1);
  const Map map = features(reader, kScene, 16, 100);
  EXPECT_NEAR(map.values[0][5][9].item<float>(), reader.value(kScene.row + 5, kScene.column + 9), 1e-6);
}

TEST(FeatureWindows, CellsWithoutAValidPixelAreNaNAndOthersFinite) {
  PlaneReader reader(kScene, 2);
  // Cells of even row lose all pixels, the others lose one of four.
  reader.hole = [](int64_t row, int64_t column) {
    return floor_divide(row, 2) % 2 == 0 || (row % 2 == 0 && column % 2 == 0);
  };
  const Map map = features(reader, kScene, 16, 100);
  const auto finite = map.values.isfinite().all(0);
  EXPECT_TRUE(finite.equal(map.valid));
  for (int64_t row = 0; row < 4; ++row) EXPECT_EQ(map.valid[row].all().item<bool>(), (kScene.row + row) % 2 != 0);
}

TEST(FeatureWindows, TilesWithoutAValidPixelSkipTheNetwork) {
  PlaneReader reader(kScene, 2);
  // One row of tiles of two in each batch: cells 12 to 17 are seen by the tiles from 6 on and from 12 on.
  reader.hole = [](int64_t row, int64_t) { return floor_divide(row, 2) < 12 || floor_divide(row, 2) >= 14; };
  int64_t largest = 0;
  const FeatureRun run{.tiling = Tiling(8, 2, 4), .room = 4, .sink = [&](const WindowFeatures& found) {
                         largest = std::max(largest, found.valid.sum().item<int64_t>());
                         EXPECT_TRUE(found.values.isfinite().all(0).equal(found.valid));
                       }};
  const FeatureRunCounts counts = compute_features({kScene}, reader, ContextExtractor(), run);
  EXPECT_EQ(largest, 2 * kScene.columns);
  EXPECT_GT(counts.tiles, 0);
  EXPECT_LT(counts.tiles, 4 * counts.groups);
  reader.hole = [](int64_t, int64_t) { return false; };
  const int64_t all = compute_features({kScene}, reader, ContextExtractor(), run).tiles;
  EXPECT_LE(counts.tiles * 3, all);
}

TEST(FeatureWindows, TilesThatTheSceneLeavesOutSkipTheNetwork) {
  const CellWindow scene{0, 0, 26, 26};  // four tiles a side, of those that begin at 0, 6, 12 and 18
  PlaneReader reader(scene, 1);
  const FeatureRun run{.tiling = Tiling(8, 2, 4).within(scene), .room = 4, .sink = [](const WindowFeatures&) {}};
  EXPECT_EQ(compute_features({scene}, reader, ContextExtractor(), run).tiles, 16);
  EXPECT_EQ(count_tiles({scene}, run.tiling, run.room), 16);
}

TEST(FeatureWindows, BatchesWithoutAValidPixelSkipTheNetwork) {
  PlaneReader reader(kScene, 1);
  reader.hole = [](int64_t, int64_t) { return true; };
  const FeatureRun run{.tiling = Tiling(8, 2, 4), .room = 4, .sink = [](const WindowFeatures& found) {
                         EXPECT_FALSE(found.valid.any().item<bool>());
                       }};
  const FeatureRunCounts counts = compute_features({kScene}, reader, ContextExtractor(), run);
  EXPECT_EQ(counts.tiles, 0);
  EXPECT_EQ(counts.groups, count_groups({kScene}, run.tiling, run.room));
}

TEST(FeatureWindows, WhatTheReaderThrowsArrives) {
  PlaneReader reader(kScene, 1);
  reader.value = [](int64_t row, int64_t) -> float {
    if (row > 10) throw DataError("scene.tif: cut short");
    return 0;
  };
  EXPECT_THROW(features(reader, kScene, 16, 100), DataError);
}

TEST(FeatureWindows, FeaturesThatAreNotFiniteAreRefused) {
  PlaneReader reader(kScene, 1);
  reader.value = [](int64_t row, int64_t column) { return row == 3 && column == 20 ? INFINITY : 1.0f; };
  EXPECT_THAT(testing::error_of([&] { features(reader, kScene, 16, 100); }), HasSubstr("not finite"));
}

TEST(FeatureWindows, ASinkThatThrowsStopsTheRun) {
  PlaneReader reader(kScene, 1);
  const FeatureRun run{
      .tiling = Tiling(8, 2, 1), .room = 4, .sink = [](const WindowFeatures&) { throw DataError("disk full"); }};
  EXPECT_THROW(compute_features(blocks_in_strips(kScene, 8, 1), reader, ContextExtractor(), run), DataError);
  EXPECT_LT(reader.reads, 12);
}

}  // namespace
}  // namespace skysense
