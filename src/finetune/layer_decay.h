#pragma once

#include <map>
#include <string>

#include "engine/tensor_io.h"
#include "model/options.h"

namespace skysense {

/// The layer that a task network's parameter belongs to, as layer-wise learning-rate decay counts them (BEiT, and for
/// Swin's stages SimMIM, as mmsegmentation's configs use them): 0 the tokenizers, 1 + b block b of the backbone,
/// counted over all stages, and one more than the last block everything behind the backbone (fusion encoder, heads, the
/// norms of the stages' outputs). Merging before a stage counts with the last block of the stage before it, as the
/// position embedding behind it does; a stage's prompts count with its first block.
int64_t layer_of(const std::string& parameter, const ModelOptions& model);

/// decay^(last layer - layer) for each parameter.
std::map<std::string, double> layer_lr_scales(const NamedTensors& parameters, const ModelOptions& model, double decay);

}  // namespace skysense
