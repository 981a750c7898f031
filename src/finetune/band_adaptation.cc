#include "finetune/band_adaptation.h"

#include <ATen/ops/stack.h>

#include <algorithm>
#include <cmath>

namespace skysense {
namespace {

constexpr double kSameWavelengthNm = 30;

bool same_bands(const SensorContract& a, const SensorContract& b) {
  return std::ranges::equal(a.bands, b.bands, {}, &Band::name, &Band::name);
}

/// The old band that a new one takes its weights from, or -1.
int64_t source_of(const Band& band, const SensorContract& from) {
  const int64_t named = from.find_band(band.name);
  if (named >= 0 || band.wavelength_nm <= 0) return named;
  int64_t nearest = -1;
  double distance = kSameWavelengthNm;
  for (int64_t i = 0; i < from.channels(); ++i) {
    const double own = from.bands[static_cast<size_t>(i)].wavelength_nm;
    if (own <= 0 || std::abs(own - band.wavelength_nm) > distance) continue;
    distance = std::abs(own - band.wavelength_nm);
    nearest = i;
  }
  return nearest;
}

}  // namespace

torch::Tensor adapt_bands(const torch::Tensor& weight, const SensorContract& from, const SensorContract& to) {
  TORCH_CHECK_VALUE(weight.dim() == 2 && from.channels() > 0 && weight.size(1) % from.channels() == 0,
                    "a tokenizer's weight of shape ", weight.sizes(), " is not one of ", from.channels(), " bands");
  if (same_bands(from, to)) return weight.clone();
  const auto old = weight.view({weight.size(0), from.channels(), -1});
  const bool by_position = to.modality == Modality::kHr && from.channels() == to.channels();
  std::vector<torch::Tensor> bands;
  for (int64_t i = 0; i < to.channels(); ++i) {
    const int64_t source = by_position ? i : source_of(to.bands[static_cast<size_t>(i)], from);
    bands.push_back(source >= 0 ? old.select(1, source) : old.mean(1));
  }
  const double scale = static_cast<double>(from.channels()) / static_cast<double>(to.channels());
  return (at::stack(bands, 1) * scale).flatten(1);
}

const SensorContract& task_contract(const SensorContract& model, const SensorContract& data) {
  return model.name == data.name && model.quantity == data.quantity && same_bands(model, data) ? model : data;
}

}  // namespace skysense
