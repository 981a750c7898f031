#pragma once

#include <filesystem>
#include <optional>

#include "core/sensor_contract.h"
#include "engine/inference_options.h"
#include "model/geo_prototypes.h"
#include "model/options.h"
#include "model/skysense_model.h"

namespace skysense {

/// A pre-trained model as every `--model` takes it: the teacher's weights with all that is needed to apply them.
struct Product {
  SkysenseModel model{nullptr};  ///< in eval mode, float32, on the CPU
  ModelOptions options;          ///< the config's `model` group
  InferenceOptions inference;    ///< the config's `inference` group
  /// Of the regions that the training saw (paper App. A.3); nothing where it learnt none.
  std::optional<GeoPrototypes> prototypes;
  SensorContracts contracts;         ///< what the model takes; a modality without one has no tokenizer
  std::filesystem::path checkpoint;  ///< the folder that it came from
  int64_t step = 0;                  ///< optimiser steps it has seen
};

/// Reads a checkpoint folder, a run folder (find_checkpoint), or a link to either. Of a fine-tuned one the pre-trained
/// modules are read, as fine-tuning left them. Of
/// config.yaml only the groups `model` and `inference` are read, of teacher.safetensors only the model's own tensors
/// and the prototypes. Throws DataError, one line naming the file, where a part is missing, damaged or does not fit the
/// others.
Product load_product(const std::filesystem::path& path);

/// load_product without the weights: `model` stays empty, and teacher.safetensors is not read.
Product describe_product(const std::filesystem::path& path);

/// The module's channel counts that contracts ask for; 0 where a modality has none.
PerModality<int64_t> channels_of(const SensorContracts& contracts);

}  // namespace skysense
