#include "infer/group_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace skysense {
namespace {

int64_t computed(const CellWindow& area, int64_t room) {
  GroupPlan plan(blocks_in_strips(area, 32, 2), Tiling(16, 4, 4), room);
  int64_t count = 0;
  while (const auto step = plan.next()) count += step->compute;
  return count;
}

TEST(GroupPlan, BlocksCoverTheAreaOnce) {
  const CellWindow area{-7, 3, 70, 150};
  int64_t cells = 0;
  for (const CellWindow& block : blocks_in_strips(area, 32, 2)) {
    EXPECT_EQ(block.intersect(area), block);
    cells += block.cells();
  }
  EXPECT_EQ(cells, area.cells());
}

TEST(GroupPlan, WithRoomForAllEveryBatchIsComputedOnce) {
  const CellWindow area{0, 0, 100, 200};
  EXPECT_EQ(computed(area, 1000), static_cast<int64_t>(Tiling(16, 4, 4).groups_touching(area).size()));
  EXPECT_GT(computed(area, 1), computed(area, 1000));
}

TEST(GroupPlan, NeverKeepsMoreThanItsRoom) {
  GroupPlan plan(blocks_in_strips({0, 0, 100, 100}, 32, 2), Tiling(16, 4, 4), 3);
  std::set<TileGroup> kept;
  while (const auto step = plan.next()) {
    if (step->forget) {
      EXPECT_EQ(kept.erase(*step->forget), 1u);
    }
    EXPECT_EQ(kept.contains(step->group), !step->compute);
    kept.insert(step->group);
    EXPECT_LE(kept.size(), 3u);
    if (step->last) kept.erase(step->group);
  }
  EXPECT_TRUE(kept.empty());
}

TEST(GroupPlan, KeepsNoResultThatNoLaterWindowNeeds) {
  const auto windows = blocks_in_strips({0, 0, 160, 96}, 32, 3);
  const Tiling tiling(16, 4, 4);
  GroupPlan plan(windows, tiling, 1000);
  std::set<TileGroup> kept;
  size_t most = 0;
  while (const auto step = plan.next()) {
    kept.insert(step->group);
    most = std::max(most, kept.size());
    if (step->last) kept.erase(step->group);
    const auto ahead = windows.begin() + static_cast<std::ptrdiff_t>(step->window + (step->ends_window ? 1 : 0));
    for (const TileGroup& group : kept) {
      const auto needs = [&](const CellWindow& window) { return !window.intersect(tiling.cells(group)).empty(); };
      EXPECT_TRUE(std::any_of(ahead, windows.end(), needs)) << "after window " << step->window;
    }
  }
  EXPECT_LT(most, tiling.groups_touching({0, 0, 64, 96}).size());  // two rows of blocks
}

TEST(GroupPlan, AWiderSceneNeedsNoMoreRoom) {
  // One strip's share of recomputation, at its two sides, is the same however many strips there are.
  const auto share = [](int64_t width) {
    const CellWindow area{0, 0, 640, width};
    return static_cast<double>(computed(area, 16)) / static_cast<double>(Tiling(16, 4, 4).groups_touching(area).size());
  };
  EXPECT_NEAR(share(640), share(6400), 0.1);
}

TEST(GroupPlan, EveryWindowEndsOnce) {
  const auto windows = blocks_in_strips({5, 5, 90, 90}, 32, 2);
  GroupPlan plan(windows, Tiling(16, 4, 4), 4);
  std::vector<size_t> ended;
  while (const auto step = plan.next()) {
    EXPECT_EQ(step->window, ended.size());
    if (step->ends_window) ended.push_back(step->window);
  }
  EXPECT_EQ(ended.size(), windows.size());
}

}  // namespace
}  // namespace skysense
