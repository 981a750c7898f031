#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>

namespace skysense {

/// Scene classification, one label or several: the mean over the map, then a linear layer (paper sec. 4.2 "a simple
/// linear classifier"; App. D.4, D.6). What a logit means, one of K classes or one yes or no, is the loss's choice.
class LinearHeadImpl : public torch::nn::Module {
 public:
  LinearHeadImpl(int64_t channels, int64_t classes);
  /// map [B, channels, H, W]; weight [B, H, W] >= 0, how much each cell counts (all equally where it is undefined; a
  /// row without any weight has the mean 0) -> logits [B, classes].
  torch::Tensor forward(const torch::Tensor& map, const torch::Tensor& weight = {});

 private:
  torch::nn::Linear classifier_;
};
TORCH_MODULE(LinearHead);

}  // namespace skysense
