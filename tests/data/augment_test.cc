#include "data/augment.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/sensor_contract.h"
#include "data/normalise.h"
#include "testing/all_close.h"

namespace skysense {
namespace {

using ::skysense::testing::all_close;

const SensorContract kRgb = builtin_contract("aerial-rgb");
constexpr AugmentOptions kNothing{.blur_chance = 0, .solarise_chance = 0, .colour_chance = 0};

ImageSeries photograph() {
  torch::manual_seed(0);
  return {torch::rand({1, 3, 32, 40}), torch::ones({1, 32, 40}, torch::kBool), torch::zeros({1}, torch::kInt64)};
}

ImageSeries augmented(ImageSeries images, AugmentOptions options, uint64_t stream = 1) {
  images.values = images.values.clone();
  RandomStream random(stream);
  augment_colours(images, kRgb, options, random);
  return images;
}

TEST(Augment, WithoutChancesChangesNothing) {
  EXPECT_TRUE(torch::equal(augmented(photograph(), kNothing).values, photograph().values));
}

TEST(Augment, BlurKeepsTheMeanAndSmoothsTheRest) {
  auto options = kNothing;
  options.blur_chance = 1;
  const auto before = photograph().values, after = augmented(photograph(), options).values;
  EXPECT_NEAR(after.mean().item<float>(), before.mean().item<float>(), 5e-3);
  EXPECT_LT(after.std().item<float>(), 0.8 * before.std().item<float>());
  auto flat = photograph();
  flat.values.fill_(0.3f);
  EXPECT_TRUE(all_close(augmented(flat, options).values, flat.values));
}

TEST(Augment, SolarisationInvertsTheBrightHalf) {
  auto options = kNothing;
  options.solarise_chance = 1;
  const auto before = photograph().values;
  EXPECT_TRUE(all_close(augmented(photograph(), options).values, torch::where(before.gt(0.5), 1 - before, before)));
}

TEST(Augment, ColoursStayInTheSensorsRange) {
  auto options = kNothing;
  options.colour_chance = 1;
  options.brightness = 0.9;
  for (uint64_t stream = 0; stream < 10; ++stream) {
    const auto after = augmented(photograph(), options, stream).values;
    EXPECT_GE(after.min().item<float>(), 0);
    EXPECT_LE(after.max().item<float>(), 1);
    EXPECT_FALSE(all_close(after, photograph().values));
  }
}

TEST(Augment, SaturationZeroLeavesGrey) {
  auto options = kNothing;
  options.colour_chance = 1;
  options.brightness = options.contrast = 0;
  options.saturation = 1;
  // Factors lie in [0, 2]; whatever is drawn, the bands' mean per pixel stays where nothing is clipped.
  auto images = photograph();
  images.values = 0.4 + 0.2 * images.values;
  EXPECT_TRUE(all_close(augmented(images, options).values.mean(1), images.values.mean(1), 1e-5, 1e-5));
}

TEST(Augment, BlurDoesNotCarryHolesIntoTheirSurroundings) {
  auto options = kNothing;
  options.blur_chance = 1;
  auto images = photograph();
  for (int64_t b = 0; b < 3; ++b) images.values.select(1, b).fill_(static_cast<float>(kRgb.bands[static_cast<size_t>(b)].mean));
  const auto flat = images.values.clone();
  images.values.slice(3, 10, 20).fill_(1000);
  images.valid.slice(2, 10, 20).fill_(false);
  EXPECT_TRUE(all_close(augmented(images, options).values, flat, 1e-4));
}

TEST(Normalise, CentresAndScalesValidPixels) {
  auto values = torch::full({2, 3, 4, 4}, 0.5f);
  values[0][0][0][0] = std::numeric_limits<float>::quiet_NaN();
  auto valid = torch::ones({2, 4, 4}, torch::kBool);
  valid[0][0][0] = false;
  const auto input = normalise(values, valid, kRgb);
  EXPECT_NEAR(input[1][1][2][2].item<double>(), (0.5 - kRgb.bands[1].mean) / kRgb.bands[1].std, 1e-6);
  EXPECT_EQ(input[0][0][0][0].item<double>(), 0);
  EXPECT_THROW(normalise(values.narrow(1, 0, 2), valid, kRgb), c10::ValueError);
}

TEST(AugmentGain, MovesReflectanceAndDecibelsByTheSameFactor) {
  const auto series = [](int64_t bands) {
    return ImageSeries{torch::rand({2, bands, 8, 8}) + 0.1, torch::ones({2, 8, 8}, torch::kBool), torch::zeros({2}, torch::kInt64)};
  };
  const AugmentOptions options{.gain = 0.6};
  const auto before = series(10);
  auto ms = before;
  ms.values = before.values.clone();
  RandomStream first(3), second(3);
  augment_gain(ms, builtin_contract("sentinel2-l2a"), options, first);
  const auto factor = ms.values / before.values;  // one a band, the same for every date and pixel
  EXPECT_TRUE(all_close(factor, factor.index({0, torch::indexing::Slice(), 0, 0}).view({1, 10, 1, 1}).expand_as(factor)));
  EXPECT_GT((factor.select(1, 0) - 1).abs().max().item<double>(), 1e-3);

  const auto still = series(2);
  auto sar = still;
  sar.values = still.values.clone();
  augment_gain(sar, builtin_contract("sentinel1-grd-db"), options, second);
  const auto decibels = sar.values - still.values;
  EXPECT_NEAR(decibels[1][0][4][4].item<double>(), 10 * std::log10(factor[0][0][0][0].item<double>()), 1e-3);
}

TEST(AugmentGain, IsOffByDefault) {
  auto images = photograph();
  const auto before = images.values.clone();
  RandomStream stream(3);
  augment_gain(images, kRgb, {}, stream);
  EXPECT_TRUE(torch::equal(images.values, before));
}

}  // namespace
}  // namespace skysense
