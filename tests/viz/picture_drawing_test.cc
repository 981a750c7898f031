#include <gtest/gtest.h>

#include <algorithm>

#include "viz/confusion_picture.h"
#include "viz/contact_sheet.h"
#include "viz/text.h"

namespace skysense {
namespace {

int64_t pixels_of(const Picture& picture, Colour colour) {
  int64_t count = 0;
  for (int64_t y = 0; y < picture.height; ++y) {
    for (int64_t x = 0; x < picture.width; ++x) count += picture.colour(x, y) == colour;
  }
  return count;
}

TEST(Text, DrawsTheLetterTAsItsStrokes) {
  Picture picture(5, 7);
  draw_text(picture, 0, 0, "T", {.colour = {0, 0, 0}});
  for (int64_t i = 0; i < 5; ++i) EXPECT_EQ(picture.colour(i, 0).red, 0) << "bar at " << i;
  for (int64_t i = 0; i < 7; ++i) EXPECT_EQ(picture.colour(2, i).red, 0) << "stem at " << i;
  EXPECT_EQ(pixels_of(picture, {0, 0, 0}), 11);
}

TEST(Text, UpwardTextIsTheSameTurnedByAQuarter) {
  Picture level(40, 40), upward(40, 40);
  draw_text(level, 0, 5, "Rg7", {.colour = {0, 0, 0}, .scale = 2});
  draw_text(upward, 5, 39, "Rg7", {.colour = {0, 0, 0}, .scale = 2, .upwards = true});
  for (int64_t y = 0; y < 40; ++y) {
    for (int64_t x = 0; x < 40; ++x) EXPECT_EQ(level.colour(x, y), upward.colour(y, 39 - x)) << x << " " << y;
  }
}

TEST(Text, CountsCharactersNotBytesAndCutsAtTheEdge) {
  EXPECT_EQ(text_length("abc"), 17);
  EXPECT_EQ(text_length("\xc3\xbc"), 5);  // u with dots
  EXPECT_EQ(text_length(""), 0);
  Picture picture(4, 4);
  draw_text(picture, -3, 2, "outside the picture");  // must not write beyond its bytes
}

TEST(ConfusionPicture, ColoursRightAnswersAndMistakesByTheirShare) {
  const Picture all_right = confusion_picture({{9, 0}, {0, 9}}, {"a", "b"}, "t");
  const Picture all_wrong = confusion_picture({{0, 9}, {9, 0}}, {"a", "b"}, "t");
  const Colour blue{20, 88, 160}, orange{214, 90, 20};
  EXPECT_GT(pixels_of(all_right, blue), 100);
  EXPECT_EQ(pixels_of(all_right, orange), 0);
  EXPECT_GT(pixels_of(all_wrong, orange), 100);
  EXPECT_EQ(pixels_of(all_wrong, blue), 0);
}

TEST(ConfusionPicture, TakesClassesWithoutSamplesAndRefusesOtherShapes) {
  EXPECT_GT(confusion_picture({{0, 0}, {1, 1}}, {"none", "some"}, "").width, 0);
  EXPECT_THROW(confusion_picture({{1, 2}}, {"a", "b"}, ""), std::logic_error);
  EXPECT_THROW(confusion_picture({}, {}, ""), std::logic_error);
}

TEST(ContactSheet, HoldsEveryPictureInProportion) {
  const Colour red{200, 0, 0}, green{0, 200, 0};
  const Picture sheet = contact_sheet({{Picture(10, 5, 3, red), "wide"}, {Picture(400, 400, 3, green), "large"}},
                                      {.columns = 2, .cell = 40});
  EXPECT_EQ(pixels_of(sheet, red), 40 * 20);  // magnified 4 times
  EXPECT_EQ(pixels_of(sheet, green), 40 * 40);
}

TEST(ContactSheet, ShowsTheGroundThroughTransparentPixels) {
  const Picture sheet = contact_sheet({{Picture(8, 8, 4, {255, 0, 0, 0}), ""}}, {.columns = 1, .cell = 8});
  EXPECT_EQ(pixels_of(sheet, {255, 0, 0}), 0);
}

}  // namespace
}  // namespace skysense
