#include "core/oriented_box.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/random.h"

namespace skysense {
namespace {

constexpr double kPi = std::numbers::pi;

OrientedBox random_box(RandomStream& stream) {
  return {stream.uniform(-500, 5000), stream.uniform(-500, 5000), std::exp(stream.uniform(-1, 6)),
          std::exp(stream.uniform(-1, 6)), stream.uniform(-10, 10)};
}

void expect_same_rectangle(const OrientedBox& a, const OrientedBox& b, double tolerance = 1e-8) {
  for (const ImagePoint corner : a.corners()) {
    const BoxCorners others = b.corners();
    const bool found = std::ranges::any_of(
        others, [&](ImagePoint other) { return std::hypot(corner.x - other.x, corner.y - other.y) < tolerance; });
    EXPECT_TRUE(found) << "no corner at " << corner.x << ", " << corner.y;
  }
}

TEST(OrientedBox, CornersRunClockwiseFromTheUpperLeft) {
  const BoxCorners corners = OrientedBox{10, 20, 6, 2, 0}.corners();
  const BoxCorners expected = {{{7, 19}, {13, 19}, {13, 21}, {7, 21}}};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_DOUBLE_EQ(corners[i].x, expected[i].x);
    EXPECT_DOUBLE_EQ(corners[i].y, expected[i].y);
  }
}

TEST(OrientedBox, PositiveAnglesTurnFromXTowardsY) {
  const BoxCorners corners = OrientedBox{0, 0, 4, 2, kPi / 2}.corners();  // the long side points downwards
  EXPECT_NEAR(corners[0].x, 1, 1e-12);
  EXPECT_NEAR(corners[0].y, -2, 1e-12);
  EXPECT_NEAR(corners[1].x, 1, 1e-12);
  EXPECT_NEAR(corners[1].y, 2, 1e-12);
}

TEST(OrientedBox, NormalisedIsTheSameRectangleAsLe90WritesIt) {
  RandomStream stream(1, 0, 0, "boxes");
  for (int i = 0; i < 1000; ++i) {
    const OrientedBox box = random_box(stream), le90 = normalised(box);
    EXPECT_GE(le90.width, le90.height);
    EXPECT_GE(le90.angle, -kPi / 2);
    EXPECT_LT(le90.angle, kPi / 2);
    expect_same_rectangle(box, le90);
  }
}

TEST(OrientedBox, NormalisedAnglesKeepToTheHalfOpenRange) {
  EXPECT_DOUBLE_EQ(normalised({0, 0, 3, 2, kPi / 2}).angle, -kPi / 2);
  EXPECT_DOUBLE_EQ(normalised({0, 0, 2, 3, 0}).angle, -kPi / 2);
  EXPECT_LT(normalised({0, 0, 3, 2, std::nextafter(-kPi / 2, -4.0)}).angle, kPi / 2);
  EXPECT_DOUBLE_EQ(normalised({0, 0, 2, 2, kPi / 2}).angle, 0);
  EXPECT_DOUBLE_EQ(normalised({0, 0, 2, 2, kPi / 4}).angle, -kPi / 4);
}

TEST(OrientedBox, BoundsTouchTheCorners) {
  RandomStream stream(2, 0, 0, "boxes");
  for (int i = 0; i < 1000; ++i) {
    const OrientedBox box = random_box(stream);
    const UprightBox rim = box.bounds(), of_corners = bounds_of(box.corners());
    EXPECT_NEAR(rim.left, of_corners.left, 1e-8);
    EXPECT_NEAR(rim.top, of_corners.top, 1e-8);
    EXPECT_NEAR(rim.right, of_corners.right, 1e-8);
    EXPECT_NEAR(rim.bottom, of_corners.bottom, 1e-8);
  }
}

TEST(OrientedBox, TheSmallestBoxOfARectangleIsThatRectangle) {
  RandomStream stream(3, 0, 0, "boxes");
  for (int i = 0; i < 1000; ++i) {
    const OrientedBox box = normalised(random_box(stream));
    BoxCorners corners = box.corners();
    std::swap(corners[static_cast<size_t>(stream.below(4))], corners[static_cast<size_t>(stream.below(4))]);
    const OrientedBox found = smallest_box(corners);
    expect_same_rectangle(box, found);
    EXPECT_NEAR(found.width, box.width, 1e-8);
    EXPECT_NEAR(found.height, box.height, 1e-8);
  }
}

TEST(OrientedBox, NoTurnedRectangleAroundPointsIsSmaller) {
  RandomStream stream(4, 0, 0, "points");
  for (int i = 0; i < 200; ++i) {
    std::vector<ImagePoint> points;
    for (int64_t k = stream.below(6) + 3; k > 0; --k) points.push_back({stream.uniform(0, 90), stream.uniform(0, 30)});
    const OrientedBox best = smallest_box(points);
    const double c = std::cos(best.angle), s = std::sin(best.angle);
    for (const ImagePoint p : points) {
      EXPECT_LE(std::abs((p.x - best.x) * c + (p.y - best.y) * s), best.width / 2 + 1e-9);
      EXPECT_LE(std::abs((p.y - best.y) * c - (p.x - best.x) * s), best.height / 2 + 1e-9);
    }
    for (int step = 0; step < 180; ++step) {
      const double angle = step * kPi / 180;
      std::vector<ImagePoint> turned;
      for (const ImagePoint p : points) {
        turned.push_back(
            {p.x * std::cos(angle) + p.y * std::sin(angle), p.y * std::cos(angle) - p.x * std::sin(angle)});
      }
      EXPECT_LE(best.area(), bounds_of(turned).area() * (1 + 1e-9));
    }
  }
}

TEST(OrientedBox, PointsWithoutAnAreaGiveABoxOfHeightZero) {
  const std::vector<ImagePoint> line = {{0, 0}, {3, 4}, {1.5, 2}, {3, 4}};
  const OrientedBox box = smallest_box(line);
  EXPECT_NEAR(box.width, 5, 1e-12);
  EXPECT_NEAR(box.height, 0, 1e-12);
  EXPECT_NEAR(box.angle, std::atan2(4, 3), 1e-12);
  const std::vector<ImagePoint> one(4, {7, 8});
  EXPECT_EQ(smallest_box(one).area(), 0);
  EXPECT_EQ(smallest_box(one).x, 7);
  EXPECT_EQ(smallest_box(one).y, 8);
}

TEST(OrientedBox, AreaInsideIsTheShareOfSamplesInside) {
  RandomStream stream(5, 0, 0, "boxes");
  for (int i = 0; i < 50; ++i) {
    const OrientedBox box{stream.uniform(0, 100), stream.uniform(0, 100), 60, 30, stream.uniform(0, kPi)};
    const UprightBox window{20, 10, 90, 70};
    const double c = std::cos(box.angle), s = std::sin(box.angle);
    int64_t inside = 0;
    constexpr int kSteps = 300;
    for (int row = 0; row < kSteps; ++row) {
      for (int column = 0; column < kSteps; ++column) {
        const double u = ((column + 0.5) / kSteps - 0.5) * box.width, v = ((row + 0.5) / kSteps - 0.5) * box.height;
        const double x = box.x + u * c - v * s, y = box.y + u * s + v * c;
        inside += x > window.left && x < window.right && y > window.top && y < window.bottom ? 1 : 0;
      }
    }
    const double share = static_cast<double>(inside) / (kSteps * kSteps);
    EXPECT_NEAR(area_inside(box.corners(), window) / box.area(), share, 0.01);
  }
}

TEST(OrientedBox, AreaInsideTellsInsideFromOutside) {
  const OrientedBox box{50, 50, 20, 10, 0.3};
  EXPECT_NEAR(area_inside(box.corners(), {0, 0, 100, 100}), 200, 1e-9);
  EXPECT_EQ(area_inside(box.corners(), {200, 200, 300, 300}), 0);
  EXPECT_NEAR(area_inside(box.corners(), {0, 0, 50, 100}), 100, 1e-9);
}

}  // namespace
}  // namespace skysense
