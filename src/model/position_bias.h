#pragma once

#include <torch/nn/modules/container/sequential.h>
#include <torch/types.h>

#include <map>
#include <mutex>
#include <vector>

namespace skysense {

/// Swin V2's log-spaced continuous position bias (arXiv 2111.09883, sec. 3.3): a small MLP from the log-scaled offset
/// of two tokens to a bias for each head, 16 * sigmoid. The module is named cpb_mlp within its attention, as in timm.
class PositionBias {
 public:
  /// `mlp`: Linear(2, 512), ReLU, Linear(512, heads) without bias. `window`: side of a full window, which scales
  /// offsets.
  PositionBias(torch::nn::Sequential mlp, int64_t heads, int64_t window);
  /// The bias of a window of the given sides, each at most `window`: [heads, N, N], float32.
  /// Without gradients it is remembered until a weight changes. Safe to use from several threads.
  torch::Tensor operator()(int64_t window_height, int64_t window_width);

 private:
  struct Remembered {
    torch::Tensor bias;
    std::vector<std::pair<const void*, uint32_t>> weights;  // address and version of each
  };
  torch::Tensor compute(int64_t window_height, int64_t window_width, torch::Device device);

  torch::nn::Sequential mlp_;
  const int64_t heads_, window_;
  const torch::Tensor offsets_;  // [(2 window - 1)^2, 2], log-scaled
  std::mutex mutex_;
  std::map<std::pair<int64_t, int64_t>, Remembered> remembered_;
};

/// The MLP that PositionBias wants, to be registered by its owner.
torch::nn::Sequential make_position_bias_mlp(int64_t heads);

}  // namespace skysense
