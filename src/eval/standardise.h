#pragma once

#include <torch/types.h>

namespace skysense {

/// Per-feature shift and scale learned from training samples. Features that are constant there become 0.
struct Standardiser {
  torch::Tensor mean, scale;  ///< [D] float64

  /// features [N, D], N > 0. Throws c10::ValueError otherwise and for features that are not finite.
  static Standardiser of(const torch::Tensor& features);
  /// [N, D] -> [N, D] float64 on the CPU.
  torch::Tensor apply(const torch::Tensor& features) const;
};

}  // namespace skysense
