#pragma once

#include <torch/types.h>

#include <vector>

#include "finetune/prepared_sample.h"
#include "heads/task_model.h"
#include "model/geo_prototypes.h"

namespace skysense {

/// Samples joined for one call of a task's network.
struct LabelledBatch {
  TaskBatch input;
  std::vector<torch::Tensor> labels;   ///< one for each of the outputs, [B, …]; empty where any sample has none
  std::vector<ObjectTargets> objects;  ///< one a sample, in pixels of the labels; empty where any sample has none
  torch::Tensor locations;             ///< [B, 2] float64: longitude and latitude in degrees, NaN where unknown
};

/// Joins samples of equal sizes; series are padded to the batch's longest with present = false, and so is a modality
/// that a sample lacks. Throws DataError for images of other sizes than the first sample's (name data.side).
LabelledBatch join_samples(const std::vector<PreparedSample>& samples, const TaskSetup& setup,
                           const TaskOptions& options);

/// The batch on a device, with the prototypes of its places where there are some.
LabelledBatch to_device(const LabelledBatch& batch, torch::Device device, const GeoPrototypes* prototypes);

}  // namespace skysense
