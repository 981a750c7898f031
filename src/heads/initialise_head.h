#pragma once

#include <ATen/core/Generator.h>
#include <torch/nn/module.h>

namespace skysense {

/// Draws a head's parameters from the generator, which must be of the parameters' device: convolutions as
/// mmsegmentation does (normal, He et al. 2015 by outputs), the last layer (`classifier`) and linear layers normal with
/// deviation 0.01 and 0.02, position embeddings normal with 0.02, biases 0, norms 1. The draws depend on the generator
/// and the head's sizes only.
void initialise_head(torch::nn::Module& head, at::Generator generator);

}  // namespace skysense
