#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/normalization.h>
#include <torch/types.h>

#include <vector>

#include "model/mlp.h"
#include "model/transformer_block.h"
#include "pretrain/shared_ground.h"

namespace skysense {

/// Multi-head attention of some vectors to others, with a bias in every projection (Vaswani et al. 2017).
class CrossAttentionImpl : public torch::nn::Module {
 public:
  /// `dim` is a multiple of `heads`, else c10::ValueError.
  CrossAttentionImpl(int64_t dim, int64_t heads);
  /// queries [1 or B, m, d], cells [B, L, d], key_bias [B, L] float, 0 or -inf -> [B, m, d]. `attention`, where given,
  /// becomes the weights [B, m, L] as a mean over the heads.
  torch::Tensor forward(const torch::Tensor& queries, const torch::Tensor& cells, const torch::Tensor& key_bias,
                        torch::Tensor* attention = nullptr);

 private:
  const int64_t heads_;
  Projection q_, kv_, proj_;
};
TORCH_MODULE(CrossAttention);

/// The queries of QSACL, which gather features of like meaning from all over some views (paper sec. 3.2): m learnable
/// vectors through one transformer decoder layer, self-attention, cross-attention to the views' cells and MLP, pre-norm
/// as the encoder layers are. Parameters: queries, norm1, self_attn, norm2, cross_attn, norm3, mlp.
class QueryAggregationImpl : public torch::nn::Module {
 public:
  /// `dim` is a multiple of kFusionHeadWidth, else c10::ValueError.
  QueryAggregationImpl(int64_t dim, int64_t queries, int64_t mlp_ratio);
  /// cells [B, L, d], usable [B, L] bool -> [B, m, d]: one vector a query. A place without usable cells attends to all,
  /// and its result means nothing. `attention` as CrossAttention has it (Figure 9).
  torch::Tensor forward(const torch::Tensor& cells, const torch::Tensor& usable, torch::Tensor* attention = nullptr);

 private:
  torch::Tensor queries_;  ///< [m, d]
  torch::nn::LayerNorm norm1_;
  GlobalAttention self_attn_;
  torch::nn::LayerNorm norm2_;
  CrossAttention cross_attn_;
  torch::nn::LayerNorm norm3_;
  Mlp mlp_;
};
TORCH_MODULE(QueryAggregation);

/// What the queries gather from the global views of each place together and from its local views together.
struct AggregatedViews {
  torch::Tensor global, local;  ///< z^g and z^l, [B, m, d]
  torch::Tensor valid;          ///< [B] bool: both have a valid cell
};

/// `fused` are the fused maps [B, 1, gh, gw, d] of every view of one branch, the `globals` global ones first; there is
/// a local one too.
AggregatedViews aggregate(QueryAggregation& queries, const std::vector<SourceMap>& fused, size_t globals);

}  // namespace skysense
