#pragma once

#include <torch/types.h>

#include "core/sensor_contract.h"

namespace skysense {

/// Network input from physical values: (value - mean) / std per band, 0 where invalid, whatever stands there (NaN too).
/// values [.., C, H, W] float32 in the contract's physical units, valid [.., H, W] bool -> [.., C, H, W] float32.
/// Throws c10::ValueError where C is not the contract's number of bands or the shapes do not fit. CPU tensors.
torch::Tensor normalise(const torch::Tensor& values, const torch::Tensor& valid, const SensorContract& contract);

}  // namespace skysense
