#include "model/window_attention.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>

namespace skysense {
namespace {

constexpr double kInitialScale = 10.0, kLargestScale = 100.0;
constexpr double kSmallestNorm = 1e-12;

/// Vectors along the last axis, each divided by its length.
torch::Tensor unit_length(const torch::Tensor& x) {
  return x * at::linalg_vector_norm(x, 2, {-1}, /*keepdim=*/true).clamp_min(kSmallestNorm).reciprocal();
}

}  // namespace

WindowAttentionImpl::WindowAttentionImpl(const WindowAttentionOptions& options)
    : options_(options),
      logit_scale_(register_parameter("logit_scale", at::full({options.heads, 1, 1}, std::log(kInitialScale)))),
      cpb_mlp_(register_module("cpb_mlp", make_position_bias_mlp(options.heads))),
      qkv_(register_module("qkv", Projection(torch::nn::LinearOptions(options.dim, 3 * options.dim).bias(false)))),
      q_bias_(register_parameter("q_bias", at::zeros({options.dim}))),
      v_bias_(register_parameter("v_bias", at::zeros({options.dim}))),
      proj_(register_module("proj", Projection(options.dim, options.dim))),
      position_bias_(cpb_mlp_, options.heads, options.window),
      layouts_(options.window, options.shift) {
  TORCH_CHECK_VALUE(options.dim % options.heads == 0, "width ", options.dim, " is no multiple of ", options.heads,
                    " heads");
  TORCH_CHECK_VALUE(options.window >= 2 && options.shift >= 0 && options.shift < options.window, "shift ",
                    options.shift, " of window ", options.window);
}

torch::Tensor WindowAttentionImpl::forward(const torch::Tensor& grid) {
  const int64_t batch = grid.size(0), height = grid.size(1), width = grid.size(2), dim = grid.size(3);
  const auto layout = layouts_.find(height, width, grid.device());
  const auto tokens = gather_tokens(grid.reshape({batch, height * width, dim}), layout->to_windows, layout->to_grid);
  const auto attended = attend(tokens, *layout);
  return proj_(gather_tokens(attended, layout->to_grid, layout->to_windows)).view({batch, height, width, dim});
}

torch::Tensor WindowAttentionImpl::attend(const torch::Tensor& tokens, const WindowLayout& layout) {
  const int64_t batch = tokens.size(0), heads = options_.heads, width = options_.dim / heads, length = layout.tokens();
  const auto bias = at::cat({q_bias_, at::zeros_like(q_bias_), v_bias_});
  const auto qkv = qkv_->with_bias(tokens, bias)
                       .view({batch * layout.windows, length, 3, heads, width})
                       .permute({2, 0, 3, 1, 4});  // [3, B * windows, heads, N, width]
  // The scale goes into the queries and the mask into the bias: each pass over the scores costs more than either.
  const auto scale = logit_scale_.clamp_max(std::log(kLargestScale)).exp();
  const auto unit = unit_length(qkv.narrow(0, 0, 2).contiguous());
  const auto query = (unit[0] * scale).to(unit.scalar_type()), key = unit[1], value = qkv[2];
  auto offset = position_bias_(layout.window_height, layout.window_width);
  if (layout.mask.defined()) offset = offset + layout.mask;  // [windows, heads, N, N]
  const auto cosine = at::matmul(query, key.transpose(-2, -1)).view({batch, -1, heads, length, length});
  const auto weights = at::softmax(cosine + offset, -1).flatten(0, 1);
  return at::matmul(weights.to(value.scalar_type()), value).transpose(1, 2).reshape(tokens.sizes());
}

}  // namespace skysense
