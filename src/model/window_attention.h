#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/types.h>

#include "model/position_bias.h"
#include "model/projection.h"
#include "model/window_layout.h"

namespace skysense {

/// Sizes of windowed attention; lengths count tokens.
struct WindowAttentionOptions {
  int64_t dim;  ///< channels C, a multiple of `heads`
  int64_t heads;
  int64_t window = 8;  ///< window side, at least 2
  int64_t shift = 0;   ///< cyclic shift, 0 <= shift < window
};

/// Swin V2's scaled cosine attention within windows, with a learned scale for each head (at most 100) and the
/// continuous position bias (arXiv 2111.09883, sec. 3.2 and 3.3). Query and value have a bias, the key has none, as in
/// timm.
class WindowAttentionImpl : public torch::nn::Module {
 public:
  /// Throws c10::ValueError for sizes that break the limits above.
  explicit WindowAttentionImpl(const WindowAttentionOptions& options);
  /// grid [B, H, W, C] -> [B, H, W, C]; any H, W >= 1 (see WindowLayout for sides that are no multiple of the window).
  torch::Tensor forward(const torch::Tensor& grid);

 private:
  /// tokens [B, windows * N, C] in window order -> the same.
  torch::Tensor attend(const torch::Tensor& tokens, const WindowLayout& layout);

  const WindowAttentionOptions options_;
  torch::Tensor logit_scale_;  // [heads, 1, 1], the logarithm of the scale
  torch::nn::Sequential cpb_mlp_;
  Projection qkv_;
  torch::Tensor q_bias_, v_bias_;  // [C]
  Projection proj_;
  PositionBias position_bias_;
  WindowLayoutCache layouts_;
};
TORCH_MODULE(WindowAttention);

}  // namespace skysense
