#include "data/normalise.h"

#include <vector>

namespace skysense {

torch::Tensor normalise(const torch::Tensor& values, const torch::Tensor& valid, const SensorContract& contract) {
  TORCH_CHECK_VALUE(values.dim() >= 3 && values.size(-3) == contract.channels(), "normalise: values of shape ",
                    values.sizes(), " have not the ", contract.channels(), " bands of ", contract.name);
  std::vector<float> mean, inverse_std;
  for (const Band& band : contract.bands) {
    mean.push_back(static_cast<float>(band.mean));
    inverse_std.push_back(static_cast<float>(1.0 / band.std));
  }
  const auto per_band = [&](const std::vector<float>& numbers) {
    return torch::tensor(numbers).view({contract.channels(), 1, 1}).to(values.device());
  };
  auto normal = (values - per_band(mean)).mul_(per_band(inverse_std));
  // Masked after the arithmetic: 0 * NaN would stay NaN.
  if (!valid.all().item<bool>()) normal.masked_fill_(valid.logical_not().unsqueeze(-3), 0);
  return normal;
}

}  // namespace skysense
