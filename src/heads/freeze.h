#pragma once

#include <torch/nn/module.h>

#include <string>
#include <vector>

namespace skysense {

/// Takes every parameter at or below the named modules out of training ("model.backbone", "model.fusion.layers.0"): it
/// needs no gradient any more. Throws UsageError naming a prefix that no parameter has.
void freeze(torch::nn::Module& model, const std::vector<std::string>& prefixes);

/// Puts the named modules into evaluation mode, without drop path, dropout or moving statistics: what is frozen gives
/// the same for the same input. To be called after each Module::train, which reaches every module.
void evaluate_frozen(torch::nn::Module& model, const std::vector<std::string>& prefixes);

}  // namespace skysense
