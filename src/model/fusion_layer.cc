#include "model/fusion_layer.h"

namespace skysense {
namespace {

torch::nn::LayerNorm layer_norm(int64_t dim) { return torch::nn::LayerNorm(torch::nn::LayerNormOptions({dim})); }

torch::Tensor scaled(const torch::Tensor& branch, const torch::Tensor& branch_scale, int64_t index) {
  if (!branch_scale.defined()) return branch;
  return branch * branch_scale[index].to(branch.scalar_type()).view({-1, 1, 1});
}

}  // namespace

FusionLayerImpl::FusionLayerImpl(int64_t dim, int64_t heads, int64_t mlp_ratio)
    : norm1_(register_module("norm1", layer_norm(dim))),
      attn_(register_module("attn", MaskedAttention(dim, heads))),
      norm2_(register_module("norm2", layer_norm(dim))),
      mlp_(register_module("mlp", Mlp(dim, mlp_ratio * dim))) {}

torch::Tensor FusionLayerImpl::forward(const torch::Tensor& sequences, const torch::Tensor& key_bias,
                                       const torch::Tensor& branch_scale, int64_t queries) {
  const auto attended = attn_(norm1_(sequences), key_bias, queries);
  const auto x = sequences.narrow(1, 0, queries) + scaled(attended, branch_scale, 0);
  return x + scaled(mlp_(norm2_(x)).tokens, branch_scale, 1);
}

}  // namespace skysense
