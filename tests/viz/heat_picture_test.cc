#include "viz/heat_picture.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace skysense {
namespace {

double light(Colour colour) { return 0.3 * colour.red + 0.59 * colour.green + 0.11 * colour.blue; }

TEST(HeatPicture, TheRampGrowsLighterAllTheWay) {
  for (int step = 1; step <= 40; ++step)
    EXPECT_GT(light(heat_colour(step / 40.0)), light(heat_colour((step - 1) / 40.0))) << step;
  EXPECT_EQ(heat_colour(-3), heat_colour(0));
  EXPECT_EQ(heat_colour(7), heat_colour(1));
}

TEST(HeatPicture, LightsUpTheCellsThatCount) {
  const Picture ground(40, 20, 3, {100, 100, 100});
  const Picture heat = heat_picture(ground, {.width = 4, .height = 2, .values = {0, 0, 0, 0.25f, 0, 0, 0, 0}});
  ASSERT_EQ(heat.width, 40);
  ASSERT_EQ(heat.height, 20);
  EXPECT_EQ(heat.colour(5, 15), (Colour{55, 55, 55}));  // grey and dark where nothing counts
  EXPECT_GT(light(heat.colour(35, 4)), 200);            // the largest value has the end of the ramp, whatever it is
  EXPECT_GT(light(heat.colour(30, 4)), light(heat.colour(26, 4)));  // and falls off between the middles of cells
}

TEST(HeatPicture, KeepsAMapOfZerosDark) {
  const Picture heat = heat_picture(Picture(8, 8), {.width = 2, .height = 2, .values = {0, 0, 0, 0}});
  EXPECT_EQ(heat.colour(3, 3), (Colour{140, 140, 140}));
}

TEST(HeatPicture, WantsAValueForEveryCell) {
  EXPECT_THROW(heat_picture(Picture(8, 8), {.width = 2, .height = 2, .values = {1}}), std::logic_error);
  EXPECT_THROW(heat_picture(Picture(8, 8), {}), std::logic_error);
}

}  // namespace
}  // namespace skysense
