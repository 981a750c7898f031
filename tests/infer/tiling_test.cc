#include "infer/tiling.h"

#include <gmock/gmock.h>

#include <map>
#include <numeric>

#include "core/error.h"

namespace skysense {
namespace {

using ::testing::ElementsAre;

TEST(CellWindow, DivisionRoundsTowardsMinusInfinity) {
  EXPECT_EQ(floor_divide(-1, 12), -1);
  EXPECT_EQ(floor_divide(-12, 12), -1);
  EXPECT_EQ(floor_divide(11, 12), 0);
  EXPECT_EQ(ceil_divide(-1, 12), 0);
  EXPECT_EQ(ceil_divide(13, 12), 2);
}

TEST(CellWindow, IntersectionOfWindowsApartIsEmpty) {
  const CellWindow a{0, 0, 4, 4};
  EXPECT_TRUE(a.intersect({4, 0, 2, 2}).empty());
  EXPECT_EQ(a.intersect({-2, 3, 4, 4}), (CellWindow{0, 3, 2, 1}));
  EXPECT_EQ(a.unite({6, -1, 1, 1}), (CellWindow{0, -1, 7, 5}));
}

TEST(Tiling, WeightsOfOverlappingTilesSumToOne) {
  const Tiling tiling(16, 4, 1);
  const auto ramp = tiling.row_ramp(3, 1);
  for (int64_t i = 0; i < 4; ++i) EXPECT_FLOAT_EQ(ramp[i] + ramp[12 + i], 1) << i;
  for (int64_t i = 4; i < 12; ++i) EXPECT_EQ(ramp[i], 1);
}

TEST(Tiling, ABatchIsAsSquareAsItsNumberAllows) {
  EXPECT_EQ(Tiling(8, 2, 8).group_rows(), 2);
  EXPECT_EQ(Tiling(8, 2, 8).group_columns(), 4);
  EXPECT_EQ(Tiling(8, 2, 7).group_rows(), 1);
  EXPECT_EQ(Tiling(8, 2, 16).group_rows(), 4);
}

TEST(Tiling, ExactlyTheBatchesThatMeetAWindowAreNamed) {
  const Tiling tiling(8, 2, 4);
  const CellWindow window{-5, 13, 9, 20};
  const auto named = tiling.groups_touching(window);
  for (int64_t row = -6; row < 6; ++row) {
    for (int64_t column = -6; column < 6; ++column) {
      const TileGroup group{row, column};
      const bool meets = !tiling.cells(group).intersect(window).empty();
      EXPECT_EQ(std::count(named.begin(), named.end(), group), meets ? 1 : 0) << row << "," << column;
    }
  }
  EXPECT_TRUE(std::is_sorted(named.begin(), named.end()));
}

TEST(Tiling, OwnCellsPartThePlane) {
  const Tiling tiling(8, 2, 6);
  std::map<std::pair<int64_t, int64_t>, int> owners;
  for (int64_t row = -2; row < 2; ++row) {
    for (int64_t column = -2; column < 2; ++column) {
      const CellWindow own = tiling.own_cells({row, column});
      EXPECT_EQ(own.intersect(tiling.cells({row, column})), own);
      for (int64_t r = own.row; r < own.row_end(); ++r) {
        for (int64_t c = own.column; c < own.column_end(); ++c) ++owners[{r, c}];
      }
    }
  }
  EXPECT_EQ(owners.size(), 4 * 4 * 12 * 18u);
  for (const auto& [cell, count] : owners) ASSERT_EQ(count, 1);
}

TEST(Tiling, EveryWindowsWeightsSumToOneOnEveryGrid) {
  for (const BlendWindow window : {BlendWindow::kTrapezoid, BlendWindow::kHann}) {
    for (const int64_t divisions : {1, 3}) {
      const Tiling tiling(16, 6, 1, window);
      const auto ramp = tiling.row_ramp(0, divisions);
      for (int64_t i = 0; i < 6 * divisions; ++i) {
        EXPECT_NEAR(ramp[i] + ramp[10 * divisions + i], 1, 1e-6);
        EXPECT_GT(ramp[i], 0);
      }
    }
  }
}

TEST(Tiling, WithinAnExtentTheWeightsOfTheTilesLeftSumToOneUpToItsEdges) {
  for (const int64_t begin : {-7, 0, 5, 9}) {
    for (const int64_t length : {3, 8, 9, 30}) {
      const Tiling tiling = Tiling(8, 3, 1).within({begin, 0, length, 8});
      std::map<int64_t, float> weights;
      for (const TileGroup& group : tiling.groups_touching({begin, 0, length, 8})) {
        const auto ramp = tiling.row_ramp(group.row, 1);
        if (group.column != 0) continue;
        for (int64_t i = 0; i < 8; ++i) weights[tiling.cells(group).row + i] += ramp[i];
      }
      for (int64_t row = begin; row < begin + length; ++row) EXPECT_FLOAT_EQ(weights[row], 1) << begin << " " << row;
    }
  }
}

TEST(Tiling, WithinAnExtentNoTileCoversOnlyWhatOthersHaveToo) {
  const CellWindow extent{0, 0, 500, 500};  // twelve tiles a side reach it; the first holds what the second has too
  const Tiling tiling(64, 16, 1);
  EXPECT_EQ(tiling.groups_touching(extent).size(), 12 * 12u);
  EXPECT_EQ(tiling.within(extent).groups_touching(extent).size(), 11 * 11u);
}

TEST(Tiling, WithinAnExtentNothingChangesATileInsideItsEdges) {
  const Tiling endless(8, 3, 2);
  const Tiling tiling = endless.within({-11, 4, 60, 70});
  for (int64_t number = 0; number < 6; ++number) EXPECT_EQ(tiling.row_ramp(number, 1), endless.row_ramp(number, 1));
}

TEST(Tiling, WithinAnExtentOwnCellsStillPartIt) {
  const CellWindow extent{-11, 4, 41, 39};
  const Tiling tiling = Tiling(8, 3, 4).within(extent);
  int64_t cells = 0;
  for (const TileGroup& group : tiling.groups_touching(extent))
    cells += tiling.own_cells(group).intersect(extent).cells();
  EXPECT_EQ(cells, extent.cells());
}

TEST(BlendWindow, NamesAreReadBack) {
  for (const BlendWindow window : {BlendWindow::kTrapezoid, BlendWindow::kHann})
    EXPECT_EQ(parse_blend_window(blend_window_name(window)), window);
  EXPECT_THROW(parse_blend_window("flat"), UsageError);
}

TEST(Tiling, RefusesToShareMoreThanHalfATile) { EXPECT_THROW(Tiling(8, 5, 1), std::logic_error); }

}  // namespace
}  // namespace skysense
