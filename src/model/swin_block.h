#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/normalization.h>
#include <torch/types.h>

#include "model/feed_forward.h"
#include "model/window_attention.h"

namespace skysense {

/// Sizes of one Swin V2 block; lengths count tokens of the stage's grid.
struct SwinBlockOptions {
  int64_t dim;  ///< channels C, a multiple of `heads`
  int64_t heads;
  int64_t window = 8;     ///< window side (paper sec. 4.1)
  int64_t shift = 0;      ///< cyclic shift, 0 <= shift < window
  int64_t mlp_ratio = 4;  ///< hidden width / dim
  int64_t experts = 0;    ///< 0 is a plain MLP
  int64_t top_k = 1;      ///< experts a token uses
};

/// Residual windowed attention and MLP, each normalised after its branch.
/// Paper: SkySense V2 sec. 3.1.1, stages 1-2; Swin V2, arXiv 2111.09883.
class SwinBlockImpl : public torch::nn::Module {
 public:
  /// Throws c10::ValueError for sizes that break the limits above.
  explicit SwinBlockImpl(const SwinBlockOptions& options);
  /// grid [B, H, W, C], any H, W >= 1; branch_scales [2, B] of drop path (draw_branch_scales), or undefined.
  BlockOutput forward(const torch::Tensor& grid, const torch::Tensor& branch_scales = {});
  /// Sets both norms to zero, so that an untrained block is the identity (Swin V2's initialisation).
  void start_as_identity();

 private:
  WindowAttention attn_;
  torch::nn::LayerNorm norm1_;
  std::shared_ptr<FeedForwardImpl> mlp_;
  torch::nn::LayerNorm norm2_;
};
TORCH_MODULE(SwinBlock);

}  // namespace skysense
