#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>

#include "core/options.h"

namespace skysense {

/// Sizes of a learning head (DESIGN 4's table; the paper's is 2048 / 256 / 16384).
struct LearningHeadOptions {
  int64_t hidden = 256;
  int64_t bottleneck = 64;
  int64_t outputs = 1024;  ///< K, the number of classes that the views agree on

  void describe(OptionFields& fields) {
    fields("hidden", hidden, "hidden width of the learning heads").at_least(1);
    fields("bottleneck", bottleneck, "width before the weight-normed layer").at_least(1);
    fields("outputs", outputs, "outputs K of the learning heads").at_least(2);
  }
};

/// The learning head H of Eq. 4: a three-layer MLP, L2 normalisation and a weight-normed linear layer without gain.
/// Source: DINO (arXiv 2104.14294), sec. 3.1; DESIGN 6.
class LearningHeadImpl : public torch::nn::Module {
 public:
  /// `width` is the features' d.
  LearningHeadImpl(int64_t width, const LearningHeadOptions& options);
  /// features [N, d] -> logits [N, K], before centring and temperature, in float32.
  torch::Tensor forward(const torch::Tensor& features);

 private:
  torch::nn::Linear layer1_, layer2_, layer3_;
  torch::Tensor last_weight_;  ///< [K, bottleneck]; its rows are used at unit length
};
TORCH_MODULE(LearningHead);

}  // namespace skysense
