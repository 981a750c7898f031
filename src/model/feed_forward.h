#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <memory>

#include "model/block_output.h"
#include "model/options.h"

namespace skysense {

/// The second half of a block: an MLP, or a mixture of MLPs.
class FeedForwardImpl : public torch::nn::Module {
 public:
  /// tokens [..., C] -> the same shape.
  virtual BlockOutput forward(const torch::Tensor& tokens) = 0;
};

/// An MLP without experts, a mixture with them. `experts` is 0 in a block that is none of ModelOptions::expert_blocks.
std::shared_ptr<FeedForwardImpl> make_feed_forward(int64_t dim, int64_t mlp_ratio, int64_t experts, int64_t top_k);

}  // namespace skysense
