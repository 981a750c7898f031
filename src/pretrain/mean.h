#pragma once

#include <torch/types.h>

namespace skysense {

/// A mean that is not divided yet, so that its denominator can be summed over micro-batches or ranks first.
struct Mean {
  torch::Tensor sum;    ///< scalar, or one value an output; differentiable
  torch::Tensor count;  ///< scalar float32 without gradient

  /// Nothing was seen.
  static Mean none(torch::Device device) {
    return {torch::zeros({}, torch::device(device)), torch::zeros({}, torch::device(device))};
  }
  Mean operator+(const Mean& other) const { return {sum + other.sum, count + other.count}; }
  /// Zero where nothing was seen.
  torch::Tensor value() const { return sum / count.clamp_min(1); }
};

}  // namespace skysense
