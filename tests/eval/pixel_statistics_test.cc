#include "eval/pixel_statistics.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include "eval/standardise.h"
#include "testing/all_close.h"

namespace skysense {
namespace {

using testing::all_close;

TEST(PixelStatistics, GivesMeanDeviationAndHistogramOfEveryBand) {
  // Band 0: half -1, half 1; band 1: constant 0.2; bins are 0.375 wide from -3.
  auto values = torch::zeros({1, 2, 2, 2});
  values[0][0] = torch::tensor({{-1.0, 1.0}, {1.0, -1.0}});
  values[0][1] = 0.2;
  const auto features =
      pixel_statistics(values, torch::ones({1, 2, 2}, torch::kBool)).view({2, kPixelStatisticsPerBand});
  auto expected = torch::zeros({2, kPixelStatisticsPerBand});
  expected[0][1] = 1;
  expected[0][2 + 5] = 0.5;   // -1: (-1 + 3) / 0.375 = 5.3
  expected[0][2 + 10] = 0.5;  // 1: 10.7
  expected[1][0] = 0.2;
  expected[1][2 + 8] = 1;  // 0.2: 8.5
  EXPECT_TRUE(all_close(features, expected));
}

TEST(PixelStatistics, InvalidPixelsDoNotCountEvenWhereTheyAreNaN) {
  auto values = torch::randn({2, 3, 4, 4}, at::make_generator<at::CPUGeneratorImpl>(3));
  auto valid = torch::ones({2, 4, 4}, torch::kBool);
  valid.slice(2, 2, 4).fill_(false);
  const auto before = pixel_statistics(values, valid);
  EXPECT_TRUE(all_close(before, pixel_statistics(values.slice(3, 0, 2), valid.slice(2, 0, 2))));
  values.slice(3, 2, 4).fill_(NAN);
  EXPECT_TRUE(torch::equal(before, pixel_statistics(values, valid)));
}

TEST(PixelStatistics, AnImageWithoutAValidPixelGivesZeros) {
  const auto features = pixel_statistics(torch::full({1, 2, 3, 3}, NAN), torch::zeros({1, 3, 3}, torch::kBool));
  EXPECT_TRUE(torch::equal(features, torch::zeros({1, 2 * kPixelStatisticsPerBand})));
}

TEST(PixelStatistics, ValuesBeyondTheReachFallIntoTheOuterBins) {
  const auto features = pixel_statistics(torch::tensor({{{{-9.0, 9.0}}}}), torch::ones({1, 1, 2}, torch::kBool))[0];
  EXPECT_EQ(features[2].item<float>(), 0.5f);
  EXPECT_EQ(features[17].item<float>(), 0.5f);
}

TEST(Standardiser, GivesZeroMeanUnitDeviationAndZerosForConstants) {
  auto features = torch::randn({50, 3}, at::make_generator<at::CPUGeneratorImpl>(4)) * 7 + 2;
  features.select(1, 1).fill_(0.1);
  const auto result = Standardiser::of(features).apply(features);
  EXPECT_TRUE(all_close(result.mean(0), torch::zeros({3}, torch::kFloat64), 0, 1e-9));
  EXPECT_TRUE(all_close(result.square().mean(0), torch::tensor({1.0, 0.0, 1.0}, torch::kFloat64), 1e-9, 1e-9));
}

}  // namespace
}  // namespace skysense
