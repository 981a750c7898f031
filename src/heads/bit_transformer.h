#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/types.h>

namespace skysense {

struct BitLayerOptions {
  int64_t dim;  ///< channels C
  int64_t heads = 8;
  int64_t head_width;  ///< channels of one attention head; heads times this need not be C
  int64_t hidden;      ///< of the MLP
};

/// Pre-norm transformer layer whose queries attend to other tokens, and an MLP with exact GELU; projections to queries,
/// keys and values have no bias. Encoder layer of BIT where a sequence attends to itself, decoder layer where pixels
/// attend to the semantic tokens; one LayerNorm serves both sides. Source: BIT (Chen et al. 2021, arXiv 2103.00208).
/// Attention is scaled by 1 / sqrt(C), C the channels of the layer, as in the authors' code and Open-CD's: their heads'
/// width need not be C / heads, and the paper's formula leaves open which of the two it means. Open-CD's variant has
/// ReLU in the MLP, a LayerNorm for either side and heads of width 8 in the encoder too; we keep the authors'.
/// Modules: norm1, query, key, value, proj, norm2, fc1, fc2.
class BitLayerImpl : public torch::nn::Module {
 public:
  explicit BitLayerImpl(const BitLayerOptions& options);
  /// x [B, N, C], tokens [B, L, C] -> [B, N, C].
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& tokens);

 private:
  const int64_t heads_;
  torch::nn::LayerNorm norm1_;
  torch::nn::Linear query_, key_, value_, proj_;
  torch::nn::LayerNorm norm2_;
  torch::nn::Linear fc1_, fc2_;
};
TORCH_MODULE(BitLayer);

}  // namespace skysense
