#pragma once

#include <ATen/core/Generator.h>
#include <torch/types.h>

#include <functional>
#include <optional>
#include <vector>

#include "model/block_output.h"

namespace skysense {

/// A block as a function of its input and the generator of drop path.
using RunBlock = std::function<BlockOutput(const torch::Tensor& tokens, const std::optional<at::Generator>& generator)>;

/// Runs a block without keeping its activations and runs it again in the backward pass (Chen et al. 2016), under the
/// same autocast state and the same draws. `parameters` are the block's. A parameter's gradient arrives once and
/// through the ordinary graph, so that hooks on it fire as they do without checkpointing. Without gradients it only
/// runs the block.
BlockOutput run_checkpointed(const RunBlock& run, const torch::Tensor& tokens,
                             const std::optional<at::Generator>& generator,
                             const std::vector<torch::Tensor>& parameters);

}  // namespace skysense
