#include "viz/class_picture.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

#include "viz/calibration_picture.h"

namespace skysense {
namespace {

const std::vector<Colour> kColours = {{10, 20, 30}, {200, 100, 0}};
const ClassMap kMap = {.width = 2, .height = 2, .classes = {0, 1, -1, 1}};

TEST(ClassPicture, PaintsClassesAndLeavesTheOthersTransparent) {
  const Picture picture = class_picture(kMap, kColours);
  EXPECT_EQ(picture.colour(0, 0), (Colour{10, 20, 30}));
  EXPECT_EQ(picture.colour(1, 1), (Colour{200, 100, 0}));
  EXPECT_EQ(picture.colour(0, 1).alpha, 0);
}

TEST(ClassPicture, AnOverlayShowsTheImageThroughAtTheFinerOfBothPixelSizes) {
  Picture ground(4, 4, 3, {100, 100, 100});
  ground.blend(3, 3, {0, 0, 0});
  const Picture overlay = overlay_picture(ground, kMap, kColours, 0.5);
  ASSERT_EQ(overlay.width, 4);
  EXPECT_EQ(overlay.colour(0, 0), (Colour{55, 60, 65}));
  EXPECT_EQ(overlay.colour(2, 1), (Colour{150, 100, 50}));
  EXPECT_EQ(overlay.colour(3, 3), (Colour{100, 50, 0}));
  EXPECT_EQ(overlay.colour(1, 2), (Colour{100, 100, 100}));  // no class: the image alone
  // A map of finer pixels than the image keeps them.
  EXPECT_EQ(overlay_picture(Picture(1, 1, 3, {0, 0, 0}), kMap, kColours, 1.0).colour(1, 0), (Colour{200, 100, 0}));
}

TEST(ClassPicture, ErrorsTellRightWrongAndIgnoredApart) {
  const Picture errors = error_picture(kMap, {.width = 2, .height = 2, .classes = {0, 0, 1, 1}});
  EXPECT_EQ(errors.colour(0, 0), kRightColour);
  EXPECT_EQ(errors.colour(1, 0), kWrongColour);
  EXPECT_EQ(errors.colour(0, 1), kIgnoredColour);
  EXPECT_EQ(errors.colour(1, 1), kRightColour);
}

TEST(ClassPicture, TheLegendNamesTheClassesThatAreThereAndHasTheirColours) {
  const std::vector<std::string> names = {"water", "trees"};
  const Legend all = class_legend(names, kColours),
               some = class_legend(names, kColours, {{.width = 1, .height = 1, .classes = {1}}});
  EXPECT_EQ(all.size(), 2U);
  ASSERT_EQ(some.size(), 1U);
  EXPECT_EQ(some[0].first, "trees");
  const Picture picture = with_legend(Picture(100, 10, 4, {1, 2, 3, 0}), all);
  EXPECT_EQ(picture.colour(50, 12), (Colour{20, 24, 29}));  // transparent: the ground
  EXPECT_EQ(picture.colour(8 + 2, 10 + 16 + 2), kColours[0]);
  bool second = false;
  for (int64_t y = 0; y < picture.height; ++y) {
    for (int64_t x = 0; x < picture.width; ++x) second = second || picture.colour(x, y) == kColours[1];
  }
  EXPECT_TRUE(second);
}

TEST(ClassPicture, WantsSidesAndColoursThatFit) {
  EXPECT_THROW(class_picture({.width = 2, .height = 2, .classes = {1}}, kColours), std::logic_error);
  EXPECT_THROW(class_picture({.width = 1, .height = 1, .classes = {2}}, kColours), std::logic_error);
  EXPECT_THROW(error_picture(kMap, {.width = 1, .height = 1, .classes = {0}}), std::logic_error);
  EXPECT_THROW(class_colours(3, {{1, 2, 3}}), std::logic_error);
  EXPECT_EQ(class_colours(1, {{1, 2, 3}})[0], (Colour{1, 2, 3}));
}

/// Forty answers of three classes by a rule that the reference was given too.
Calibration forty_answers(int64_t bins) {
  Calibration calibration(bins);
  for (int64_t i = 0; i < 40; ++i) {
    const std::array<double, 3> weights = {static_cast<double>(i * 37 % 101) + 1.37,
                                           static_cast<double>(i * 53 % 97) + 2.11,
                                           static_cast<double>(i * 71 % 89) + 0.73};
    size_t best = 0;
    for (size_t k = 1; k < 3; ++k) best = weights[k] > weights[best] ? k : best;
    calibration.add(weights[best] / (weights[0] + weights[1] + weights[2]), static_cast<int64_t>(best) == i * 7 % 3);
  }
  return calibration;
}

TEST(Calibration, TheErrorEqualsTorchmetrics) {
  // multiclass_calibration_error of torchmetrics 1.9, norm l1, which bins in float32: 1e-6. No confidence lies on the
  // edge of a bin.
  EXPECT_NEAR(forty_answers(15).error(), 0.2900085151195526, 1e-6);
  EXPECT_NEAR(forty_answers(10).error(), 0.2900084853172302, 1e-6);
  EXPECT_EQ(forty_answers(10).count(), 40);
  EXPECT_EQ(Calibration().error(), 0);
}

TEST(Calibration, TheDiagramHasBarsAsHighAsTheAccuracy) {
  Calibration calibration(2);
  for (int i = 0; i < 4; ++i) calibration.add(1.0, i < 2);  // right half of the time and always sure
  const Picture picture = calibration_picture(calibration, "test");
  constexpr int64_t kLeft = 52, kTop = 52, kSide = 360;
  const Colour bar = {20, 88, 160}, paper = {255, 255, 255};
  EXPECT_EQ(picture.colour(kLeft + 200, kTop + kSide - 20), bar);  // the upper bin, below one half
  EXPECT_NE(picture.colour(kLeft + 300, kTop + 30), bar);          // above: the gap to what it says
  EXPECT_NE(picture.colour(kLeft + 300, kTop + 30), paper);
  EXPECT_EQ(picture.colour(kLeft + 90, kTop + kSide - 20), paper);  // the lower bin is empty
}

}  // namespace
}  // namespace skysense
