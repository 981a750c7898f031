#include "eval/standardise.h"

#include "eval/checks.h"

namespace skysense {

Standardiser Standardiser::of(const torch::Tensor& features) {
  check_features(features);
  TORCH_CHECK_VALUE(features.size(0) > 0, "at least one sample is needed");
  const auto rows = features.detach().to(torch::kCPU, torch::kFloat64);
  const auto mean = rows.mean(0);
  const auto deviation = (rows - mean).square().mean(0).sqrt();
  // Rounding leaves a constant feature a deviation of some 1e-16 of its size, which would be blown up to noise.
  const auto constant = deviation <= 1e-10 * mean.abs();
  return {mean, torch::where(constant, torch::ones_like(deviation), deviation)};
}

torch::Tensor Standardiser::apply(const torch::Tensor& features) const {
  TORCH_CHECK_VALUE(features.dim() == 2 && features.size(1) == mean.size(0), "features are [N, ", mean.size(0),
                    "], not ", features.sizes());
  return (features.detach().to(torch::kCPU, torch::kFloat64) - mean) / scale;
}

}  // namespace skysense
