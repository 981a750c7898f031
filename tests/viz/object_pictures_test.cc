#include <gtest/gtest.h>

#include <numbers>

#include "viz/box_picture.h"
#include "viz/line.h"
#include "viz/precision_recall_picture.h"

namespace skysense {
namespace {

constexpr Colour kRed = {200, 0, 0}, kWhite = {255, 255, 255};

TEST(Line, JoinsItsEndsWithoutGapsAndIsCutOffByThePicture) {
  Picture picture(20, 10);
  draw_line(picture, 2.5, 3.5, 12.5, 6.5, kRed);
  for (int64_t x = 2; x <= 12; ++x) {
    int64_t drawn = 0;
    for (int64_t y = 0; y < 10; ++y) drawn += picture.colour(x, y) == kRed ? 1 : 0;
    EXPECT_GE(drawn, 1) << x;
  }
  EXPECT_EQ(picture.colour(2, 3), kRed);
  EXPECT_EQ(picture.colour(12, 6), kRed);
  draw_line(picture, -1e9, 8.5, 1e9, 8.5, kRed);
  EXPECT_EQ(picture.colour(0, 8), kRed);
  EXPECT_EQ(picture.colour(19, 8), kRed);
  draw_line(picture, -5, -5, -1, -1, kRed);  // outside: nothing
  EXPECT_EQ(picture.colour(0, 0), kWhite);
}

TEST(BoxPicture, DrawsTheOutlineAndWhereTheAnglePoints) {
  const Picture picture = with_boxes(Picture(40, 40), {{{20.5, 20.5, 20, 8, std::numbers::pi / 2}, kRed}});
  EXPECT_EQ(picture.colour(16, 20), kRed);  // the long sides are upright
  EXPECT_EQ(picture.colour(24, 20), kRed);
  EXPECT_EQ(picture.colour(20, 28), kRed);  // the stroke goes down
  EXPECT_EQ(picture.colour(20, 14), kWhite);
  EXPECT_EQ(picture.colour(10, 20), kWhite);
}

TEST(PrecisionRecallPicture, HasTheCurvesInTheirColours) {
  const Picture picture = precision_recall_picture(
      {{"ship 0.75", kRed, {{0, 1}, {0.5, 1}, {1, 0.5}}}, {"plane -", {0, 0, 200}, {}}}, "overlap 0.5");
  const auto row = [](double precision) { return static_cast<int64_t>(40 + (1 - precision) * 400); };
  const auto column = [](double recall) { return static_cast<int64_t>(52 + recall * 400); };
  EXPECT_EQ(picture.colour(column(0.25), row(1)), kRed);
  EXPECT_EQ(picture.colour(column(0.75), row(0.75)), kRed);
  EXPECT_FALSE(picture.colour(column(0.3), row(0.3)) == kRed);
}

}  // namespace
}  // namespace skysense
