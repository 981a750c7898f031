#include "data/view_boxes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace skysense {
namespace {

bool contains(const GroundBox& outer, const GroundBox& inner) {
  constexpr double kSlack = 1e-9;
  return inner.x >= outer.x - kSlack && inner.y >= outer.y - kSlack &&
         inner.x + inner.width <= outer.x + outer.width + kSlack && inner.y + inner.height <= outer.y + outer.height + kSlack;
}

bool on_whole_cells(const GroundBox& box) {
  return box.x == std::floor(box.x) && box.y == std::floor(box.y) && box.width == std::floor(box.width);
}

class ViewBoxes : public ::testing::TestWithParam<std::pair<double, double>> {};

TEST_P(ViewBoxes, OverlapAndNestWithinThePlace) {
  const auto [width, height] = GetParam();
  const ViewOptions options;
  for (uint64_t sample = 0; sample < 300; ++sample) {
    RandomStream stream(1, 0, sample, "boxes");
    const auto boxes = draw_boxes(width, height, options, stream);
    ASSERT_EQ(boxes.size(), 8u);
    for (const GroundBox& box : boxes) {
      ASSERT_TRUE(contains({0, 0, width, height}, box));
      ASSERT_EQ(box.width, box.height);
      ASSERT_GT(box.width, 0);
    }
    const double smaller = std::min(boxes[0].width * boxes[0].height, boxes[1].width * boxes[1].height);
    ASSERT_GE(overlap(boxes[0], boxes[1]), options.min_overlap * smaller - 1e-6);
    for (size_t local = 2; local < boxes.size(); ++local) {
      ASSERT_TRUE(contains(boxes[0], boxes[local]) || contains(boxes[1], boxes[local]));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Places, ViewBoxes,
                         ::testing::Values(std::pair{64.0, 64.0}, std::pair{18.75, 18.75}, std::pair{16.0, 16.0},
                                           std::pair{6.0, 6.0}, std::pair{40.0, 5.5}, std::pair{1.0, 1.0}));

TEST(DrawBoxes, WithoutZoomLieOnWholeCells) {
  ViewOptions options;
  options.zoom_chance = 0;
  for (uint64_t sample = 0; sample < 200; ++sample) {
    RandomStream stream(1, 0, sample, "boxes");
    for (const GroundBox& box : draw_boxes(37.5, 30, options, stream)) ASSERT_TRUE(on_whole_cells(box));
  }
}

TEST(DrawBoxes, ZoomShowsOneToOneHalfOfTheSide) {
  ViewOptions options;
  options.zoom_chance = 1;
  double least = 100, most = 0;
  for (uint64_t sample = 0; sample < 300; ++sample) {
    RandomStream stream(1, 0, sample, "boxes");
    const auto boxes = draw_boxes(64, 64, options, stream);
    least = std::min(least, boxes[0].width);
    most = std::max(most, boxes[0].width);
  }
  EXPECT_NEAR(least, 8, 0.2);
  EXPECT_NEAR(most, 16, 0.2);
}

TEST(DrawBoxes, ASmallPlaceShrinksAllViewsAlike) {
  ViewOptions options;
  options.zoom_chance = 0;
  RandomStream stream(1, 0, 0, "boxes");
  const auto boxes = draw_boxes(6, 6, options, stream);
  EXPECT_DOUBLE_EQ(boxes[0].width, 6);
  EXPECT_DOUBLE_EQ(boxes[2].width, 3);  // half of a global one, as on a large place
}

}  // namespace
}  // namespace skysense
