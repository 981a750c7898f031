#include "model/fusion_layer.h"

#include "model/drop_path.h"

namespace skysense {
namespace {

torch::nn::LayerNorm layer_norm(int64_t dim) { return torch::nn::LayerNorm(torch::nn::LayerNormOptions({dim})); }

}  // namespace

FusionLayerImpl::FusionLayerImpl(int64_t dim, int64_t heads, int64_t mlp_ratio)
    : norm1_(register_module("norm1", layer_norm(dim))),
      attn_(register_module("attn", MaskedAttention(dim, heads))),
      norm2_(register_module("norm2", layer_norm(dim))),
      mlp_(register_module("mlp", Mlp(dim, mlp_ratio * dim))) {}

torch::Tensor FusionLayerImpl::forward(const torch::Tensor& sequences, const torch::Tensor& key_bias,
                                       const torch::Tensor& branch_scales, int64_t queries) {
  const auto attended = attn_(norm1_(sequences), key_bias, queries);
  const auto x = add_branch(sequences.narrow(1, 0, queries), attended, branch_scale(branch_scales, 0));
  return add_branch(x, mlp_(norm2_(x)).tokens, branch_scale(branch_scales, 1));
}

}  // namespace skysense
