#pragma once

#include <torch/types.h>

namespace skysense {

/// What a block of the backbone returns.
struct BlockOutput {
  torch::Tensor tokens;    ///< the shape of the block's input
  torch::Tensor moe_loss;  ///< scalar float32 load-balancing loss; undefined in a block without experts
};

}  // namespace skysense
