#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/types.h>

#include "model/patch_merging_plan.h"

namespace skysense {

/// Adaptive patch merging (paper sec. 3.1.1): doubles the width, and halves the resolution or keeps it with one and the
/// same weight. Linear without bias, then LayerNorm, as in Swin V2 (DESIGN 6).
class PatchMergingImpl : public torch::nn::Module {
 public:
  /// `dim`: channels of the input.
  explicit PatchMergingImpl(int64_t dim);
  /// grid [B, H, W, dim] -> [B, ceil(H/2), ceil(W/2), 2 dim] with `subsample` (2x2 neighbours concatenated; an odd side
  /// gets a zero row or column), else [B, H, W, 2 dim] by the weight averaged over its four groups of inputs.
  torch::Tensor forward(const torch::Tensor& grid, bool subsample);

 private:
  const int64_t dim_;
  torch::nn::Linear reduction_;
  torch::nn::LayerNorm norm_;
};
TORCH_MODULE(PatchMerging);

}  // namespace skysense
