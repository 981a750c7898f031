#include "heads/bit_transformer.h"

#include <ATen/ops/gelu.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <cmath>

namespace skysense {
namespace {

torch::nn::Linear without_bias(int64_t inputs, int64_t outputs) {
  return torch::nn::Linear(torch::nn::LinearOptions(inputs, outputs).bias(false));
}

torch::nn::LayerNorm make_norm(int64_t dim) { return torch::nn::LayerNorm(torch::nn::LayerNormOptions({dim})); }

/// [B, N, heads * width] -> [B, heads, N, width].
torch::Tensor split_heads(const torch::Tensor& x, int64_t heads) {
  return x.unflatten(2, {heads, x.size(2) / heads}).transpose(1, 2);
}

}  // namespace

BitLayerImpl::BitLayerImpl(const BitLayerOptions& options)
    : heads_(options.heads),
      norm1_(register_module("norm1", make_norm(options.dim))),
      query_(register_module("query", without_bias(options.dim, options.heads * options.head_width))),
      key_(register_module("key", without_bias(options.dim, options.heads * options.head_width))),
      value_(register_module("value", without_bias(options.dim, options.heads * options.head_width))),
      proj_(register_module("proj", torch::nn::Linear(options.heads * options.head_width, options.dim))),
      norm2_(register_module("norm2", make_norm(options.dim))),
      fc1_(register_module("fc1", torch::nn::Linear(options.dim, options.hidden))),
      fc2_(register_module("fc2", torch::nn::Linear(options.hidden, options.dim))) {}

torch::Tensor BitLayerImpl::forward(const torch::Tensor& x, const torch::Tensor& tokens) {
  const auto queries = norm1_(x), keys = norm1_(tokens);
  const double scale = 1 / std::sqrt(static_cast<double>(x.size(2)));
  const auto mixed =
      at::scaled_dot_product_attention(split_heads(query_(queries), heads_), split_heads(key_(keys), heads_),
                                       split_heads(value_(keys), heads_), {}, 0.0, false, scale);
  const auto attended = x + proj_(mixed.transpose(1, 2).flatten(2));
  return attended + fc2_(at::gelu(fc1_(norm2_(attended))));
}

}  // namespace skysense
