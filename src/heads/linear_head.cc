#include "heads/linear_head.h"

namespace skysense {

LinearHeadImpl::LinearHeadImpl(int64_t channels, int64_t classes)
    : classifier_(register_module("classifier", torch::nn::Linear(channels, classes))) {}

torch::Tensor LinearHeadImpl::forward(const torch::Tensor& map, const torch::Tensor& weight) {
  if (!weight.defined()) return classifier_(map.mean({2, 3}));
  constexpr double kTiny = 1e-12;
  const auto share = weight.to(map.scalar_type()).unsqueeze(1);
  return classifier_((map * share).sum({2, 3}) / share.sum({2, 3}).clamp_min(kTiny));
}

}  // namespace skysense
