#pragma once

#include <ATen/core/Generator.h>
#include <torch/nn/module.h>

namespace skysense {

/// Draws the weights of a detector's own modules from the generator, which must be of the parameters' device, as
/// mmdetection does: feature pyramid and hidden layers uniform by Glorot & Bengio 2010, convolutions of the proposal
/// network and the class layer normal with deviation 0.01, the box layer with 0.001; biases 0. `module` is the whole
/// network, of which `model`, the pre-trained one, is left as it is. The draws depend on the generator and the sizes
/// only.
void initialise_detection(torch::nn::Module& module, at::Generator generator);

}  // namespace skysense
