#pragma once

#include "engine/tensor_io.h"

namespace skysense {

/// A task network's tensors by their names in a checkpoint's teacher.safetensors: those of the pre-trained model
/// without "model.", as a pre-training run writes them, so that every `--model` finds them; heads as they are.
NamedTensors product_names(const NamedTensors& network);

}  // namespace skysense
