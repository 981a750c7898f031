#include "data/crop.h"

#include <gtest/gtest.h>
#include <torch/nn/functional/upsampling.h>

#include <limits>

#include "testing/all_close.h"

namespace skysense {
namespace {

using ::skysense::testing::all_close;

ImageSeries random_series(int64_t dates, int64_t bands, int64_t side) {
  torch::manual_seed(0);
  return {torch::rand({dates, bands, side, side}), torch::ones({dates, side, side}, torch::kBool),
          torch::ones({dates}, torch::kInt64)};
}

torch::Tensor resized(const torch::Tensor& image, int64_t side) {
  return torch::nn::functional::interpolate(image, torch::nn::functional::InterpolateFuncOptions()
                                                       .size(std::vector<int64_t>{side, side})
                                                       .mode(torch::kBilinear)
                                                       .align_corners(false)
                                                       .antialias(true));
}

TEST(Crop, WholePixelsAreCopiedUntouched) {
  const auto series = random_series(2, 3, 20);
  const auto crop = crop_series(series, {3, 5, 8, 8}, 8);
  EXPECT_TRUE(torch::equal(crop.values, series.values.slice(2, 5, 13).slice(3, 3, 11)));
  EXPECT_TRUE(crop.valid.all().item<bool>());
}

TEST(Crop, ResamplesAsTorchsAntialiasedBilinear) {
  const auto series = random_series(2, 3, 20);
  for (const int64_t side : {7, 13, 20, 31, 64}) {
    const auto crop = crop_series(series, {0, 0, 20, 20}, side);
    EXPECT_TRUE(all_close(crop.values, resized(series.values, side), 1e-5, 1e-6)) << side;
  }
}

TEST(Crop, InvalidPixelsHaveNoPartInAnyValue) {
  auto series = random_series(1, 1, 12);
  series.values.fill_(3);
  series.valid[0].slice(0, 2, 6).fill_(false);
  series.values[0][0].slice(0, 2, 6).fill_(std::numeric_limits<float>::quiet_NaN());
  for (const double width : {12.0, 9.5, 6.25}) {
    const auto crop = crop_series(series, {0.5 * (12 - width), 0.5 * (12 - width), width, width}, 8);
    EXPECT_TRUE(all_close(crop.values, 3 * crop.valid.unsqueeze(1).to(torch::kFloat32)));
    EXPECT_TRUE(crop.valid.any().item<bool>());
    EXPECT_FALSE(crop.valid.all().item<bool>());
  }
  const auto untouched = crop_series(series, {0, 0, 12, 12}, 12);
  EXPECT_TRUE(all_close(untouched.values, 3 * series.valid.unsqueeze(1).to(torch::kFloat32)));
}

TEST(Crop, RefusesABoxBeyondTheRaster) {
  EXPECT_THROW(crop_series(random_series(1, 1, 8), {4, 0, 5, 5}, 4), c10::ValueError);
}

}  // namespace
}  // namespace skysense
