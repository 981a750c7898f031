#pragma once

#include <torch/types.h>

#include <functional>
#include <optional>
#include <vector>

#include "model/block_output.h"

namespace skysense {

/// A block as a function of its input. It gives the same result each time: what it draws is drawn before.
using RunBlock = std::function<BlockOutput(const torch::Tensor& tokens)>;

/// Runs a block without keeping its activations and runs it again in the backward pass (Chen et al. 2016), under the
/// same autocast state. `parameters` are the block's. A parameter's gradient arrives once and
/// through the ordinary graph, so that hooks on it fire as they do without checkpointing. Without gradients it only
/// runs the block.
BlockOutput run_checkpointed(const RunBlock& run, const torch::Tensor& tokens,
                             const std::vector<torch::Tensor>& parameters);

/// Whether a block runs here, by run_checkpointed, that will run again with gradients: it must compute now as it does
/// then, though nothing asks for gradients.
bool runs_again_later();

}  // namespace skysense
