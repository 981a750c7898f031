#include "finetune/band_adaptation.h"

#include <gtest/gtest.h>

#include "datasets/sensors.h"
#include "testing/all_close.h"

namespace skysense {
namespace {

using testing::all_close;

/// A weight of 16 numbers a band whose band b is filled with b + 1.
torch::Tensor numbered(const SensorContract& contract) {
  return torch::arange(1, contract.channels() + 1, torch::kFloat).repeat_interleave(16).unsqueeze(0).repeat({4, 1});
}

/// What each new band was filled with, of the first row.
std::vector<float> bands_of(const torch::Tensor& weight) {
  const auto first = weight.view({4, -1, 16}).select(0, 0).select(1, 0).contiguous();
  return {first.data_ptr<float>(), first.data_ptr<float>() + first.numel()};
}

TEST(BandAdaptation, TheSameBandsKeepTheirWeightsBitForBit) {
  const auto contract = builtin_contract("sentinel2-l2a");
  const auto weight = torch::randn({4, contract.channels() * 16});
  EXPECT_TRUE(at::equal(adapt_bands(weight, contract, contract), weight));
}

TEST(BandAdaptation, NamesCountAndAMissingBandIsTheMeanScaledByTheNumberOfBands) {
  const auto rgb = builtin_contract("aerial-rgb");  // red, green, blue
  const auto planet = planet_fusion();              // blue, green, red, nir
  const auto bands = bands_of(adapt_bands(numbered(rgb), rgb, planet));
  EXPECT_EQ(bands, (std::vector<float>{3 * 0.75f, 2 * 0.75f, 1 * 0.75f, 2 * 0.75f}));
}

TEST(BandAdaptation, PicturesOfAsManyBandsAreMatchedByPosition) {
  const auto rgb = builtin_contract("aerial-rgb");
  const auto irrg = *irrg_pictures(0.05)[Modality::kHr];  // near infrared, red, green
  EXPECT_EQ(bands_of(adapt_bands(numbered(rgb), rgb, irrg)), (std::vector<float>{1, 2, 3}));
}

TEST(BandAdaptation, BandsOfOtherNamesAreMatchedByWavelength) {
  const auto sentinel = builtin_contract("sentinel2-l2a");
  const auto landsat = landsat8_toa();
  const auto bands = bands_of(adapt_bands(numbered(sentinel), sentinel, landsat));
  const auto red = static_cast<size_t>(landsat.find_band("B4"));
  const double scale = static_cast<double>(sentinel.channels()) / static_cast<double>(landsat.channels());
  EXPECT_NEAR(bands[red], static_cast<double>(sentinel.find_band("B04") + 1) * scale, 1e-5);
}

TEST(BandAdaptation, TheModelsOwnMeansHoldForItsSensorAlone) {
  auto model = builtin_contract("sentinel2-l2a");
  model.bands[0].mean += 0.1;
  const auto data = builtin_contract("sentinel2-l2a");
  EXPECT_EQ(task_contract(model, data).bands[0].mean, model.bands[0].mean);
  const auto other = builtin_contract("sentinel2-l1c");
  EXPECT_EQ(task_contract(model, other).name, other.name);
}

}  // namespace
}  // namespace skysense
