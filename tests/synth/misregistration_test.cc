#include "synth/misregistration.h"

#include <gtest/gtest.h>

namespace skysense::synth {
namespace {

constexpr int64_t kBordered = 12, kSide = kBordered - 2;

/// 1000 + 40 column + 100 row, with the pixel (5, 5) of the bordered image under cloud.
MsImage ramp() {
  MsImage image{.day_of_year = 7, .dn = {}, .clear = std::vector<uint8_t>(kBordered * kBordered, 1)};
  for (int band = 0; band < kBands; ++band) {
    for (int64_t row = 0; row < kBordered; ++row) {
      for (int64_t column = 0; column < kBordered; ++column)
        image.dn.push_back(static_cast<uint16_t>(1000 + 40 * column + 100 * row + band));
    }
  }
  image.clear[5 * kBordered + 5] = 0;
  return image;
}

TEST(Misregistration, MovesAnImageByPartsOfAPixel) {
  for (const Offset offset : {Offset{0, 0}, Offset{0.25f, -0.5f}, Offset{-0.75f, 0.25f}, Offset{1, -1}}) {
    const MsImage moved = misregistered(ramp(), offset);
    EXPECT_EQ(moved.day_of_year, 7);
    ASSERT_EQ(moved.dn.size(), static_cast<size_t>(kBands * kSide * kSide));
    for (int64_t row = 0; row < kSide; ++row) {
      for (int64_t column = 0; column < kSide; ++column) {
        const float expected = 1000 + 40 * (static_cast<float>(column + 1) + offset.east) +
                               100 * (static_cast<float>(row + 1) + offset.south);
        ASSERT_NEAR(moved.dn[static_cast<size_t>(row * kSide + column)], expected, 0.51) << row << " " << column;
      }
    }
    // One cloudy pixel hides all that are made of it: one, or the four around.
    const auto hidden = std::ranges::count(moved.clear, uint8_t{0});
    EXPECT_EQ(hidden, offset.east == std::floor(offset.east) ? 1 : 4);
  }
}

TEST(Misregistration, AveragesBackscatterAsPower) {
  SarImage image{.day_of_year = 1, .backscatter = std::vector<float>(2 * 9, -100.0f)};
  image.backscatter[4] = 0;  // VV of the middle pixel: power 1 beside nothing
  const SarImage moved = misregistered(image, {0.5f, 0});
  ASSERT_EQ(moved.backscatter.size(), 2u);
  EXPECT_NEAR(moved.backscatter[0], -3.0103, 1e-3);
  EXPECT_NEAR(moved.backscatter[1], -100, 1e-2);
}

TEST(Misregistration, StaysWithinWhatIsAskedFor) {
  RegionStyle style;
  for (uint32_t seed = 0; seed < 200; ++seed) {
    style.seed = seed;
    const Offset offset = offset_of(style, 100, 1, 0.6f), other = offset_of(style, 101, 1, 0.6f);
    EXPECT_LE(std::abs(offset.east), 0.6f);
    EXPECT_LE(std::abs(offset.south), 0.6f);
    EXPECT_NE(offset.east, other.east);
  }
}

}  // namespace
}  // namespace skysense::synth
