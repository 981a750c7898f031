#pragma once

#include <ATen/core/Generator.h>
#include <torch/nn/module.h>

#include "core/sensor_contract.h"

namespace skysense {

class SkysenseModelImpl;

/// Draws a model's parameters from the generator, which must be of the parameters' device: weights, embeddings and
/// prompts normal with deviation 0.02 (linear layers at least 1 / sqrt(inputs)), biases 0, norms 1, logit scales
/// log 10; the norms of Swin V2 blocks 0, so that these blocks start as the identity (Swin V2; timm); up-heads repeat
/// their input (UpHeadImpl::start_as_repetition). The draws depend on the generator and the model's sizes only.
void initialise(torch::nn::Module& model, at::Generator generator);

/// The same for a whole model whose images these contracts describe; its tokenizers start blind to gain
/// (TokenizerImpl::start_from_no_signal).
void initialise(SkysenseModelImpl& model, const SensorContracts& contracts, at::Generator generator);

}  // namespace skysense
