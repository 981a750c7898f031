#include "infer/place_picture.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace skysense {
namespace {

constexpr double kRedNm = 665, kGreenNm = 560, kBlueNm = 490;

int64_t nearest_band(const SensorContract& contract, double wavelength_nm) {
  const auto distance = [&](const Band& band) { return std::abs(band.wavelength_nm - wavelength_nm); };
  return std::ranges::min_element(contract.bands, {}, distance) - contract.bands.begin();
}

std::array<int64_t, 3> colour_bands(const SensorContract& contract) {
  const int64_t last = contract.channels() - 1;
  if (contract.modality == Modality::kSar) return {0, last, 0};
  if (last < 2) return {0, 0, 0};
  return {nearest_band(contract, kRedNm), nearest_band(contract, kGreenNm), nearest_band(contract, kBlueNm)};
}

/// The 2nd and the 98th percentile of the values.
std::pair<float, float> stretch_of(const torch::Tensor& values) {
  if (values.numel() == 0) return {0.0f, 1.0f};
  const auto sorted = std::get<0>(values.flatten().sort());
  const auto at = [&](double share) {
    return sorted[static_cast<int64_t>(std::lround(share * static_cast<double>(sorted.numel() - 1)))].item<float>();
  };
  const float low = at(0.02), high = at(0.98);
  return {low, std::max(high, low + 1e-6f)};
}

}  // namespace

Picture place_picture(const PlaceSample& place, Modality modality, const SensorContract& contract) {
  TORCH_CHECK_VALUE(place.images[modality] && place.images[modality]->values.size(0) > 0, "place ", place.id,
                    " has no ", modality_name(modality), " image");
  const ImageSeries& series = *place.images[modality];
  const int64_t date = series.valid.flatten(1).to(torch::kFloat32).mean(1).argmax().item<int64_t>();
  return image_picture(series, date, contract);
}

Picture image_picture(const ImageSeries& series, int64_t date, const SensorContract& contract) {
  const auto valid = series.valid[date].contiguous();
  std::vector<torch::Tensor> bands;
  for (const int64_t band : colour_bands(contract)) bands.push_back(series.values[date][band].contiguous());
  std::array<std::pair<float, float>, 3> stretches;
  const auto seen = [&](const torch::Tensor& band) { return band.masked_select(valid); };
  if (contract.modality == Modality::kSar) {
    for (size_t c = 0; c < 3; ++c) stretches[c] = stretch_of(seen(bands[c]));
  } else {
    stretches.fill(stretch_of(torch::cat({seen(bands[0]), seen(bands[1]), seen(bands[2])})));
  }

  Picture picture(valid.size(1), valid.size(0), 4, {0, 0, 0, 0});
  const bool* is_valid = valid.const_data_ptr<bool>();
  for (int64_t i = 0; i < valid.numel(); ++i) {
    if (!is_valid[i]) continue;
    uint8_t* pixel = picture.bytes.data() + 4 * i;
    for (size_t c = 0; c < 3; ++c) {
      const auto [low, high] = stretches[c];
      const float share = (bands[c].const_data_ptr<float>()[i] - low) / (high - low);
      pixel[c] = static_cast<uint8_t>(std::lround(255 * std::clamp(share, 0.0f, 1.0f)));
    }
    pixel[3] = 255;
  }
  return picture;
}

}  // namespace skysense
