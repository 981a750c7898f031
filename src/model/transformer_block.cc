#include "model/transformer_block.h"

#include "model/attention.h"
#include "model/drop_path.h"

namespace skysense {
namespace {

torch::nn::LayerNorm layer_norm(int64_t dim) { return torch::nn::LayerNorm(torch::nn::LayerNormOptions({dim})); }

}  // namespace

GlobalAttentionImpl::GlobalAttentionImpl(int64_t dim, int64_t heads)
    : heads_(heads),
      qkv_(register_module("qkv", Projection(dim, 3 * dim))),
      proj_(register_module("proj", Projection(dim, dim))) {
  TORCH_CHECK_VALUE(dim % heads == 0, "width ", dim, " is no multiple of ", heads, " heads");
}

torch::Tensor GlobalAttentionImpl::forward(const torch::Tensor& sequence) {
  const int64_t batch = sequence.size(0), length = sequence.size(1), dim = sequence.size(2);
  const auto heads = qkv_(sequence).view({batch, length, 3, heads_, dim / heads_}).permute({2, 0, 3, 1, 4}).unbind(0);
  const auto mixed = attend(heads[0], heads[1], heads[2]);  // [B, heads, N, C / heads]
  return proj_(mixed.transpose(1, 2).reshape({batch, length, dim}));
}

TransformerBlockImpl::TransformerBlockImpl(const TransformerBlockOptions& options)
    : norm1_(register_module("norm1", layer_norm(options.dim))),
      attn_(register_module("attn", GlobalAttention(options.dim, options.heads))),
      norm2_(register_module("norm2", layer_norm(options.dim))),
      mlp_(register_module("mlp", make_feed_forward(options.dim, options.mlp_ratio, options.experts, options.top_k))) {}

BlockOutput TransformerBlockImpl::forward(const torch::Tensor& sequence, const torch::Tensor& branch_scales) {
  const auto x = add_branch(sequence, attn_(norm1_(sequence)), branch_scale(branch_scales, 0));
  const auto branch = mlp_->forward(norm2_(x));
  return {add_branch(x, branch.tokens, branch_scale(branch_scales, 1)), branch.balance};
}

}  // namespace skysense
