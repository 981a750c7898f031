#pragma once

#include <torch/types.h>

#include <vector>

namespace skysense {

/// What a task's network says. One map of logits, or one for each of the two dates of semantic change.
struct TaskOutput {
  std::vector<torch::Tensor> logits{};     ///< [B, K] of scenes, [B, K, H, W] at label resolution of maps
  std::vector<torch::Tensor> auxiliary{};  ///< of the auxiliary head, like `logits`; empty without, and in evaluation
  torch::Tensor change{};  ///< semantic change: log-odds [B, 1, H, W] that the class differs; or undefined
  /// What the experts met, one [blocks, 2, M] for each encoded modality and time, see BlockOutput; empty without
  /// experts.
  std::vector<torch::Tensor> balance{};
};

}  // namespace skysense
