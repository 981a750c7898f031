#include "probe/held_out.h"

#include <gtest/gtest.h>

namespace skysense {
namespace {

TEST(HeldOutSplit, DependsOnTheNameAloneAndMeetsItsShare) {
  int64_t held_out = 0;
  for (int64_t i = 0; i < 2000; ++i) held_out += is_held_out("class/image_" + std::to_string(i) + ".jpg", 0.3);
  EXPECT_NEAR(static_cast<double>(held_out) / 2000, 0.3, 0.04);  // four standard errors
  EXPECT_FALSE(is_held_out("a/b.jpg", 0));
  EXPECT_TRUE(is_held_out("a/b.jpg", 1));
}

TEST(HeldOutSplit, StaysTheSameFromVersionToVersion) {
  std::string sides;
  for (const char* name : {"Airport/airport_1.jpg", "Airport/airport_2.jpg", "Beach/beach_1.jpg", "Beach/beach_2.jpg",
                           "Forest/Forest_1.tif", "Forest/Forest_2.tif", "River/River_10.tif", "River/River_11.tif"}) {
    sides += is_held_out(name, 0.5) ? 'T' : '-';
  }
  EXPECT_EQ(sides, "-T--TT--");
}

}  // namespace
}  // namespace skysense
