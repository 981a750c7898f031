#include "eval/pixel_statistics.h"

namespace skysense {
namespace {

constexpr int64_t kBins = kPixelStatisticsPerBand - 2;
constexpr double kReach = 3;  // contract standard deviations to either side

}  // namespace

torch::Tensor pixel_statistics(const torch::Tensor& values, const torch::Tensor& valid) {
  TORCH_CHECK_VALUE(values.dim() == 4 && valid.dim() == 3 && valid.scalar_type() == torch::kBool,
                    "values are [B, C, H, W] and valid is [B, H, W] bool, not ", values.sizes(), " and ",
                    valid.sizes());
  TORCH_CHECK_VALUE(
      values.size(0) == valid.size(0) && values.size(2) == valid.size(1) && values.size(3) == valid.size(2),
      "valid of ", valid.sizes(), " does not fit values of ", values.sizes());
  const int64_t batch = values.size(0), bands = values.size(1);
  const auto pixels = values.detach().to(torch::kCPU, torch::kFloat64).flatten(2);  // [B, C, P]
  const auto counted = valid.cpu().flatten(1).unsqueeze(1).expand_as(pixels);       // [B, C, P]
  const auto weight = counted.to(torch::kFloat64);
  // Invalid pixels may hold NaN, which no zero weight would cancel.
  const auto known = torch::where(counted, pixels, torch::zeros_like(pixels));
  const auto count = weight.sum(2).clamp_min(1);  // [B, C]
  const auto mean = known.sum(2) / count;
  const auto deviation = ((known - mean.unsqueeze(2)).square() * weight).sum(2).div(count).sqrt();
  const auto bin = ((known + kReach) * (kBins / (2 * kReach))).floor().clamp(0, kBins - 1).to(torch::kInt64);
  const auto histogram =
      torch::zeros({batch, bands, kBins}, torch::kFloat64).scatter_add_(2, bin, weight) / count.unsqueeze(2);
  return torch::cat({mean.unsqueeze(2), deviation.unsqueeze(2), histogram}, 2).flatten(1).to(torch::kFloat32);
}

}  // namespace skysense
