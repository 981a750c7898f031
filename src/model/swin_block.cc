#include "model/swin_block.h"

#include <c10/core/GradMode.h>

#include "model/drop_path.h"

namespace skysense {
namespace {

torch::nn::LayerNorm layer_norm(int64_t dim) { return torch::nn::LayerNorm(torch::nn::LayerNormOptions({dim})); }

}  // namespace

SwinBlockImpl::SwinBlockImpl(const SwinBlockOptions& options)
    : attn_(register_module(
          "attn", WindowAttention(WindowAttentionOptions{
                      .dim = options.dim, .heads = options.heads, .window = options.window, .shift = options.shift}))),
      norm1_(register_module("norm1", layer_norm(options.dim))),
      mlp_(register_module("mlp", make_feed_forward(options.dim, options.mlp_ratio, options.experts, options.top_k))),
      norm2_(register_module("norm2", layer_norm(options.dim))) {}

BlockOutput SwinBlockImpl::forward(const torch::Tensor& grid, const torch::Tensor& branch_scales) {
  const auto x = add_branch(grid, norm1_(attn_(grid)), branch_scale(branch_scales, 0));
  const auto branch = mlp_->forward(x);
  return {add_branch(x, norm2_(branch.tokens), branch_scale(branch_scales, 1)), branch.balance};
}

void SwinBlockImpl::start_as_identity() {
  const c10::AutoGradMode no_gradient(false);
  for (const auto& norm : {norm1_, norm2_}) {
    norm->weight.zero_();
    norm->bias.zero_();
  }
}

}  // namespace skysense
