#include "data/object_moves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <numbers>

#include "core/random.h"
#include "data/dihedral.h"

namespace skysense {
namespace {

using ::testing::ElementsAre;

/// Which pixels have their centres within a box: [height, width] bool.
torch::Tensor drawn(const OrientedBox& box, int64_t width, int64_t height) {
  const auto x = (torch::arange(width, torch::kFloat64) + 0.5 - box.x).unsqueeze(0),
             y = (torch::arange(height, torch::kFloat64) + 0.5 - box.y).unsqueeze(1);
  const double c = std::cos(box.angle), s = std::sin(box.angle);
  return ((x * c + y * s).abs() < box.width / 2).logical_and((y * c - x * s).abs() < box.height / 2);
}

OrientedBox random_box(RandomStream& stream, double width, double height) {
  return normalised({stream.uniform(0, width), stream.uniform(0, height), stream.uniform(2, 40), stream.uniform(2, 25),
                     stream.uniform(-4, 4)});
}

TEST(ObjectMoves, MovedThenDrawnIsDrawnThenMoved) {
  RandomStream stream(1, 0, 0, "moves");
  constexpr int64_t kWidth = 70, kHeight = 50;
  for (int i = 0; i < 100; ++i) {
    const OrientedBox box = random_box(stream, kWidth, kHeight);
    const auto picture = drawn(box, kWidth, kHeight);
    for (int64_t quarters = 0; quarters < 4; ++quarters) {
      const bool across = quarters % 2 != 0;
      EXPECT_TRUE(torch::equal(drawn(moved(box, turn_quarters(quarters, kWidth, kHeight)), across ? kHeight : kWidth,
                                     across ? kWidth : kHeight),
                               apply_dihedral(picture, quarters)))
          << quarters;
    }
    EXPECT_TRUE(torch::equal(drawn(moved(box, mirror_columns(kWidth)), kWidth, kHeight), picture.flip(1)));
    EXPECT_TRUE(torch::equal(drawn(moved(box, mirror_rows(kHeight)), kWidth, kHeight), picture.flip(0)));
    // The window's corner on whole pixels: the same pixels of another picture.
    EXPECT_TRUE(torch::equal(drawn(moved(box, shift_by(-13, -7)), 20, 30), picture.slice(0, 7, 37).slice(1, 13, 33)));
    EXPECT_TRUE(torch::equal(
        drawn(moved(box, scale_by(3, 3)), 3 * kWidth, 3 * kHeight).slice(0, 1, {}, 3).slice(1, 1, {}, 3), picture));
  }
}

TEST(ObjectMoves, AFreeTurnMovesEveryCornerWithThePlane) {
  RandomStream stream(2, 0, 0, "moves");
  for (int i = 0; i < 200; ++i) {
    const OrientedBox box = random_box(stream, 100, 100);
    const PlaneMove turn = turn_about({50, 40}, stream.uniform(-4, 4));
    const BoxCorners before = box.corners(), after = moved(box, turn).corners();
    for (const ImagePoint corner : before) {
      const ImagePoint wanted = turn(corner);
      double nearest = INFINITY;
      for (const ImagePoint found : after)
        nearest = std::min(nearest, std::hypot(found.x - wanted.x, found.y - wanted.y));
      EXPECT_LT(nearest, 1e-9);
    }
  }
}

TEST(ObjectMoves, PositiveTurnsAreClockwiseOnTheScreen) {
  const ImagePoint turned = turn_about({0, 0}, std::numbers::pi / 2)({1, 0});
  EXPECT_NEAR(turned.x, 0, 1e-12);
  EXPECT_NEAR(turned.y, 1, 1e-12);
}

TEST(ObjectMoves, MovesThatBendShapesGiveTheSmallestBoxAround) {
  const OrientedBox upright = oriented(UprightBox{10, 10, 20, 14});
  const UprightBox stretched = moved(upright, scale_by(2, 3)).bounds();
  EXPECT_NEAR(stretched.left, 20, 1e-9);
  EXPECT_NEAR(stretched.bottom, 42, 1e-9);
  const OrientedBox box{50, 50, 30, 10, 0.6}, wide = moved(box, scale_by(2, 1));
  BoxCorners corners = box.corners();
  for (ImagePoint& corner : corners) corner.x *= 2;
  EXPECT_NEAR(wide.area(), smallest_box(corners).area(), 1e-9);
}

TEST(ObjectMoves, MakeUprightTakesTheBounds) {
  ObjectLabels objects;
  objects.add({50, 50, 30, 10, 0.6}, 0, false);
  const UprightBox rim = objects.boxes[0].bounds();
  make_upright(objects);
  EXPECT_NEAR(objects.boxes[0].bounds().left, rim.left, 1e-9);
  EXPECT_NEAR(objects.boxes[0].area(), rim.area(), 1e-9);
}

ObjectLabels row_of_squares() {
  ObjectLabels objects;
  for (const double x : {5.0, 18.0, 24.0, 60.0}) objects.add({x, 50, 10, 10, 0}, static_cast<int64_t>(x), false);
  return objects;
}

TEST(ObjectMoves, AWindowKeepsIgnoresAndDropsByTheShareThatItShows) {
  // Of the squares around 5, 18, 24 and 60 the window from 20 on shows nothing, 0.3, 0.9 and all.
  const ObjectLabels shown = objects_in(row_of_squares(), {20, 0, 100, 100}, 100, 100, {});
  EXPECT_THAT(shown.classes, ElementsAre(18, 24, 60));
  EXPECT_THAT(shown.ignored, ElementsAre(1, 0, 0));
  EXPECT_NEAR(shown.boxes[0].x, -2, 1e-12);  // turned boxes keep their shape
  EXPECT_NEAR(shown.boxes[0].width, 10, 1e-12);
  EXPECT_NEAR(shown.boxes[2].x, 40, 1e-12);
}

TEST(ObjectMoves, TheLeastShareItselfIsKept) {
  ObjectLabels objects;
  objects.add({22, 50, 10, 10, 0}, 0, false);  // 0.7 of it from 20 on
  EXPECT_THAT(objects_in(objects, {20, 0, 100, 100}, 100, 100, {}).ignored, ElementsAre(0));
  EXPECT_THAT(objects_in(objects, {20.01, 0, 100, 100}, 100, 100, {}).ignored, ElementsAre(1));
}

TEST(ObjectMoves, WhatTheImageItselfDoesNotShowIsNotMissed) {
  ObjectLabels objects;
  objects.add({0, 50, 10, 10, 0}, 0, false);  // half of it beyond the image
  EXPECT_THAT(objects_in(objects, {0, 0, 30, 100}, 100, 100, {}).ignored, ElementsAre(0));
  EXPECT_THAT(objects_in(objects, {0, 0, 3, 100}, 100, 100, {}).ignored, ElementsAre(1));
}

TEST(ObjectMoves, UprightBoxesAreCutToTheWindow) {
  const ObjectLabels shown = objects_in(row_of_squares(), {20, 0, 100, 48}, 100, 100, {.upright = true});
  const UprightBox first = shown.boxes[0].bounds();
  EXPECT_NEAR(first.left, 0, 1e-9);
  EXPECT_NEAR(first.right, 3, 1e-9);
  EXPECT_NEAR(first.bottom, 48, 1e-9);
}

TEST(ObjectMoves, TheWholeImageChangesNothing) {
  const ObjectLabels all = row_of_squares(), shown = objects_in(all, {0, 0, 100, 100}, 100, 100, {});
  EXPECT_EQ(shown.classes, all.classes);
  EXPECT_EQ(shown.ignored, all.ignored);
  for (size_t i = 0; i < all.boxes.size(); ++i) EXPECT_EQ(shown.boxes[i].x, all.boxes[i].x);
}

}  // namespace
}  // namespace skysense
