#include "pretrain/query_aggregation.h"

#include <cmath>
#include <limits>

#include "model/options.h"

namespace skysense {
namespace {

torch::nn::LayerNorm layer_norm(int64_t dim) { return torch::nn::LayerNorm(torch::nn::LayerNormOptions({dim})); }

/// [B, N, heads * width] -> [B, heads, N, width].
torch::Tensor split_heads(const torch::Tensor& x, int64_t heads) {
  return x.unflatten(-1, {heads, x.size(-1) / heads}).transpose(1, 2);
}

/// The cells of some views of each place side by side: [B, L, d] and [B, L].
std::pair<torch::Tensor, torch::Tensor> cells_of(const std::vector<SourceMap>& maps, size_t first, size_t last) {
  std::vector<torch::Tensor> cells, usable;
  for (size_t v = first; v < last; ++v) {
    cells.push_back(maps[v].features.flatten(1, 3));
    usable.push_back(maps[v].valid.flatten(1));
  }
  return {torch::cat(cells, 1), torch::cat(usable, 1)};
}

}  // namespace

CrossAttentionImpl::CrossAttentionImpl(int64_t dim, int64_t heads)
    : heads_(heads),
      q_(register_module("q", Projection(dim, dim))),
      kv_(register_module("kv", Projection(dim, 2 * dim))),
      proj_(register_module("proj", Projection(dim, dim))) {
  TORCH_CHECK_VALUE(dim % heads == 0, "width ", dim, " is no multiple of ", heads, " heads");
}

torch::Tensor CrossAttentionImpl::forward(const torch::Tensor& queries, const torch::Tensor& cells,
                                          const torch::Tensor& key_bias, torch::Tensor* attention) {
  const int64_t batch = cells.size(0), dim = cells.size(2);
  const auto q = split_heads(q_(queries).expand({batch, -1, -1}), heads_);  // [B, heads, m, width]
  const auto kv = kv_(cells);
  const auto k = split_heads(kv.narrow(-1, 0, dim), heads_), v = split_heads(kv.narrow(-1, dim, dim), heads_);
  const auto bias = key_bias.to(q.scalar_type()).unsqueeze(1).unsqueeze(1);  // [B, 1, 1, L]
  torch::Tensor mixed;
  if (attention == nullptr) {
    mixed = at::scaled_dot_product_attention(q, k, v, bias);
  } else {
    const auto scores = torch::matmul(q, k.transpose(-2, -1)) / std::sqrt(static_cast<double>(q.size(-1)));
    const auto weights = torch::softmax(scores + bias, -1);
    *attention = weights.mean(1);
    mixed = torch::matmul(weights, v);
  }
  return proj_(mixed.transpose(1, 2).flatten(2));
}

QueryAggregationImpl::QueryAggregationImpl(int64_t dim, int64_t queries, int64_t mlp_ratio)
    : queries_(register_parameter("queries", torch::zeros({queries, dim}))),
      norm1_(register_module("norm1", layer_norm(dim))),
      self_attn_(register_module("self_attn", GlobalAttention(dim, dim / kFusionHeadWidth))),
      norm2_(register_module("norm2", layer_norm(dim))),
      cross_attn_(register_module("cross_attn", CrossAttention(dim, dim / kFusionHeadWidth))),
      norm3_(register_module("norm3", layer_norm(dim))),
      mlp_(register_module("mlp", Mlp(dim, mlp_ratio * dim))) {}

torch::Tensor QueryAggregationImpl::forward(const torch::Tensor& cells, const torch::Tensor& usable,
                                            torch::Tensor* attention) {
  const auto masked = usable.logical_not() & usable.any(-1, true);
  const auto key_bias = torch::zeros(usable.sizes(), cells.options().dtype(torch::kFloat).requires_grad(false))
                            .masked_fill(masked, -std::numeric_limits<float>::infinity());
  // Until they meet the cells the queries are the same for every place.
  auto x = queries_.unsqueeze(0);
  x = x + self_attn_(norm1_(x));
  x = x + cross_attn_(norm2_(x), cells, key_bias, attention);
  return x + mlp_(norm3_(x)).tokens;
}

AggregatedViews aggregate(QueryAggregation& queries, const std::vector<SourceMap>& fused, size_t globals) {
  const auto [global, global_usable] = cells_of(fused, 0, globals);
  const auto [local, local_usable] = cells_of(fused, globals, fused.size());
  return {.global = queries(global, global_usable),
          .local = queries(local, local_usable),
          .valid = global_usable.any(-1) & local_usable.any(-1)};
}

}  // namespace skysense
