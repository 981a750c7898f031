#pragma once

#include <torch/types.h>

namespace skysense {

/// What a block of the backbone returns.
struct BlockOutput {
  torch::Tensor tokens;  ///< the shape of the block's input
  /// [2, M] float32: the assignments that each expert got, without gradient, and its gate values, added over the
  /// tokens; undefined in a block without experts. load_balancing_loss() makes a loss of it.
  torch::Tensor balance;
};

}  // namespace skysense
