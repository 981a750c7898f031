#include "data/normalise.h"

namespace skysense {

torch::Tensor normalise(const torch::Tensor& values, const torch::Tensor& valid, const SensorContract& contract) {
  TORCH_CHECK_VALUE(values.dim() >= 3 && values.size(-3) == contract.channels(), "normalise: values of shape ",
                    values.sizes(), " have not the ", contract.channels(), " bands of ", contract.name);
  TORCH_CHECK_VALUE(valid.numel() * contract.channels() == values.numel(), "normalise: a mask of shape ", valid.sizes(),
                    " for values of shape ", values.sizes());
  const auto in = values.contiguous(), mask = valid.contiguous();
  auto normal = torch::empty_like(in);
  const int64_t bands = contract.channels(), plane = in.size(-2) * in.size(-1), images = in.numel() / (bands * plane);
  // One pass over the memory: the loader does this for every view.
  for (int64_t image = 0; image < images; ++image) {
    const bool* known = mask.const_data_ptr<bool>() + image * plane;
    for (int64_t band = 0; band < bands; ++band) {
      const Band& units = contract.bands[static_cast<size_t>(band)];
      const auto mean = static_cast<float>(units.mean), inverse_std = static_cast<float>(1.0 / units.std);
      const float* from = in.const_data_ptr<float>() + (image * bands + band) * plane;
      float* to = normal.mutable_data_ptr<float>() + (image * bands + band) * plane;
      for (int64_t i = 0; i < plane; ++i) {
        const float value = (from[i] - mean) * inverse_std;
        to[i] = known[i] ? value : 0.0F;  // chosen, not multiplied: 0 * NaN would stay NaN
      }
    }
  }
  return normal;
}

}  // namespace skysense
