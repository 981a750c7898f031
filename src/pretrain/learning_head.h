#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>

#include "model/presets.h"

namespace skysense {

/// The learning head H of Eq. 4: a three-layer MLP, L2 normalisation and a weight-normed linear layer without gain.
/// Source: DINO (arXiv 2104.14294), sec. 3.1; DESIGN 6.
class LearningHeadImpl : public torch::nn::Module {
 public:
  /// `width` is the features' d.
  LearningHeadImpl(int64_t width, const LearningHeadSizes& options);
  /// features [N, d] -> logits [N, K], before centring and temperature, in float32: each code times each output.
  torch::Tensor forward(const torch::Tensor& features);
  /// features [N, d] -> codes [N, bottleneck] of unit length, float32.
  torch::Tensor codes(const torch::Tensor& features);
  /// What codes are compared with: [K, bottleneck] of unit length.
  torch::Tensor outputs() const;

  /// Data-dependent initialisation (arXiv 1511.06856): scales and shifts each hidden layer so that its outputs over
  /// `features` [N, d], N >= 2, have mean 0 and variance 1 a unit. A new network's features differ little from one
  /// another; without it their codes nearly coincide and the first hundred steps' targets say next to nothing.
  void fit(const torch::Tensor& features);

 private:
  torch::nn::Linear layer1_, layer2_, layer3_;
  torch::Tensor last_weight_;  ///< [K, bottleneck]; its rows are used at unit length
};
TORCH_MODULE(LearningHead);

}  // namespace skysense
