#pragma once

#include <filesystem>
#include <optional>

#include "core/sensor_contract.h"
#include "engine/inference_options.h"
#include "heads/task_description.h"
#include "heads/task_options.h"
#include "model/geo_prototypes.h"
#include "model/options.h"

namespace skysense {

/// A fine-tuned network as `evaluate`, `predict`, `change` and `visualize` take it: everything needed to apply it.
struct TaskProduct {
  TaskModel network{nullptr};  ///< in eval mode, float32, on the CPU, nothing learns
  ModelOptions model;          ///< the config's `model` group
  InferenceOptions inference;  ///< the config's `inference` group
  TaskOptions options;         ///< the config's `task` group
  TaskDescription task;
  SensorContracts contracts;                ///< what the network takes: one for each of task.modalities
  std::optional<GeoPrototypes> prototypes;  ///< where it learnt with geo-context
  std::filesystem::path checkpoint;         ///< the folder that it came from
  int64_t step = 0;                         ///< optimiser steps of the fine-tuning
};

/// Reads a checkpoint folder or a fine-tuning run: its best checkpoint (RUN/best) where validation chose one, else its
/// newest (RUN/model). The data set need not be there. Throws DataError, one line naming the file, where a part is
/// missing, damaged or does not fit the others, and for a model that was not fine-tuned or detects objects
/// (load_detection_product).
TaskProduct load_task_product(const std::filesystem::path& path);

/// Everything but the weights: `network` and `prototypes` stay empty.
TaskProduct describe_task_product(const std::filesystem::path& path);

/// The shape of label pixels that the network wants for a tile: TaskInput::grid_height and width of a tile of the
/// sides in output pixels. 0 leaves the choice to encode_task.
int64_t fusion_cells(const TaskOptions& options, int64_t output_pixels);

/// Class probabilities of an output's logits, float32: softmax over dimension 1, or sigmoid where the loss says so (one
/// logit becomes [1 - p, p]); [B, K, ...] -> [B, classes, ...].
torch::Tensor probabilities(const torch::Tensor& logits, TaskLoss loss);

}  // namespace skysense
