#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/normalization.h>
#include <torch/types.h>

#include "model/feed_forward.h"
#include "model/projection.h"

namespace skysense {

/// Sizes of one vanilla transformer block.
struct TransformerBlockOptions {
  int64_t dim;  ///< channels C, a multiple of `heads`
  int64_t heads;
  int64_t mlp_ratio = 4;  ///< hidden width / dim
  int64_t experts = 0;    ///< 0 is a plain MLP
  int64_t top_k = 1;      ///< experts a token uses
};

/// Multi-head self-attention over all tokens, with a bias in every projection (Vaswani et al. 2017).
class GlobalAttentionImpl : public torch::nn::Module {
 public:
  GlobalAttentionImpl(int64_t dim, int64_t heads);
  /// sequence [B, N, C] -> [B, N, C].
  torch::Tensor forward(const torch::Tensor& sequence);

 private:
  const int64_t heads_;
  Projection qkv_, proj_;
};
TORCH_MODULE(GlobalAttention);

/// Pre-norm transformer block (paper sec. 3.1.1, stages 3 and 4; ViT, arXiv 2010.11929).
class TransformerBlockImpl : public torch::nn::Module {
 public:
  explicit TransformerBlockImpl(const TransformerBlockOptions& options);
  /// sequence [B, N, C]; branch_scales [2, B] of drop path (draw_branch_scales), or undefined.
  BlockOutput forward(const torch::Tensor& sequence, const torch::Tensor& branch_scales = {});

 private:
  torch::nn::LayerNorm norm1_;
  GlobalAttention attn_;
  torch::nn::LayerNorm norm2_;
  std::shared_ptr<FeedForwardImpl> mlp_;
};
TORCH_MODULE(TransformerBlock);

}  // namespace skysense
