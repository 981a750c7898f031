#include "synth/ways.h"

#include <gtest/gtest.h>

#include <cmath>

namespace skysense::synth {
namespace {

/// A straight way of half a width of 4 m across a square of 1 m pixels, with (x, y) on it at `along` = x * cosine + y *
/// sine.
WayMap straight_way(int64_t side, Direction along, float gap_from, float gap_to) {
  WayMap map{.side = side, .middles = {}};
  for (int64_t row = 0; row < side; ++row) {
    for (int64_t column = 0; column < side; ++column) {
      const PixelPoint at{static_cast<float>(column) + 0.5f, static_cast<float>(row) + 0.5f};
      const float x = at.x - static_cast<float>(side) / 2, y = at.y - static_cast<float>(side) / 2;
      const float u = x * along.x + y * along.y, v = y * along.x - x * along.y;
      if (absolute(v) <= 0.75f && (u < gap_from || u > gap_to))
        map.middles.push_back({{WayClass::kStreet, 9, u, v, 4}, at});
    }
  }
  return map;
}

TEST(WayLines, AreTheMiddleOfAWayWithinHalfAPixelAtAnyAngle) {
  for (int turn = 0; turn < 16; ++turn) {
    const Direction along = direction_of(static_cast<float>(turn) / 16 + 0.01f);
    const auto lines = way_lines(straight_way(200, along, 0, 0));
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].kind, WayClass::kStreet);
    EXPECT_EQ(lines[0].width_m, 8);
    float last = -1e9f;
    for (const PixelPoint point : lines[0].points) {
      const float x = point.x - 100, y = point.y - 100;
      EXPECT_LT(absolute(y * along.x - x * along.y), 0.5f);
      const float u = x * along.x + y * along.y;
      EXPECT_GT(u, last);
      EXPECT_TRUE(last < -1e8f || u - last < 10);
      last = u;
    }
    EXPECT_GT(lines[0].points.size(), 35u);
  }
}

TEST(WayLines, EndAtAnythingWiderThanACrossing) {
  EXPECT_EQ(way_lines(straight_way(200, {1, 0}, -10, 10)).size(), 1u);
  EXPECT_EQ(way_lines(straight_way(200, {1, 0}, -25, 25)).size(), 2u);
  EXPECT_TRUE(way_lines({}).empty());
}

}  // namespace
}  // namespace skysense::synth
