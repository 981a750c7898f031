#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/normalization.h>
#include <torch/types.h>

#include "model/masked_attention.h"
#include "model/mlp.h"

namespace skysense {

/// Pre-norm transformer encoder layer over short masked sequences (paper App. C "basic transformer encoder layers";
/// SkySense's multi-modal temporal fusion). Exact GELU, as in the backbone.
class FusionLayerImpl : public torch::nn::Module {
 public:
  /// `dim` is a multiple of `heads`.
  FusionLayerImpl(int64_t dim, int64_t heads, int64_t mlp_ratio);
  /// sequences [N, L, dim]; key_bias [N, L] as MaskedAttention has it; branch_scales [2, N], the factors of the
  /// attention and MLP branches that drop path drew, or undefined -> the first `queries` positions, [N, queries, dim].
  torch::Tensor forward(const torch::Tensor& sequences, const torch::Tensor& key_bias,
                        const torch::Tensor& branch_scales, int64_t queries);

 private:
  torch::nn::LayerNorm norm1_;
  MaskedAttention attn_;
  torch::nn::LayerNorm norm2_;
  Mlp mlp_;
};
TORCH_MODULE(FusionLayer);

}  // namespace skysense
