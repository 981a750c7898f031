#pragma once

#include <torch/types.h>

#include <vector>

#include "core/sensor_contract.h"

namespace skysense {

/// A tokenizer's weight for other bands than it was trained with (DESIGN 6): a band of the same name keeps its weights,
/// or where names differ the nearest centre wavelength within 30 nm; another one gets the mean of the old bands; all
/// times old / new number of bands, so that the sum keeps its size. HR pictures of as many bands as before are matched
/// by position (Potsdam's near infrared, red, green stands in for red, green, blue). weight [dim, old bands * n] ->
/// [dim, new bands * n]. The same bands: the same weight.
torch::Tensor adapt_bands(const torch::Tensor& weight, const SensorContract& from, const SensorContract& to);

/// The contract that a task's images are normalised by: the model's own where the data set's images are of the same
/// sensor with the same bands, for its weights know those means; else the data set's.
const SensorContract& task_contract(const SensorContract& model, const SensorContract& data);

}  // namespace skysense
