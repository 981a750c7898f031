#pragma once

#include <vector>

#include "core/sensor_contract.h"
#include "datasets/labelled_dataset.h"
#include "finetune/options.h"
#include "heads/task_description.h"

namespace skysense {

/// What a recipe makes of a data set and the sensors of a pre-trained model.
struct TaskSetup {
  TaskDescription task;
  LabelKind label;            ///< of the data set
  SensorContracts contracts;  ///< by which images are normalised: of the task's modalities
};

/// `model_contracts` are the pre-trained model's, or nothing for a random one. Looks at the sizes of some samples'
/// rasters. Throws UsageError for a head or a loss that the labels do not go with, a modality that the
/// data set lacks and settings that contradict each other; DataError for a modality that the model lacks, and for a
/// data set without samples.
TaskSetup set_up_task(const FinetuneOptions& options, const LabelledDataset& dataset,
                      const SensorContracts* model_contracts);

/// The modalities of a task as flags.
PerModality<bool> modality_flags(const std::vector<Modality>& modalities);

/// Throws DataError unless a data set fits a fine-tuned network: the same classes, and for each of its modalities
/// images of the bands and the quantity that it takes; the message names the band or class, what was found and what to
/// do.
void check_dataset_fits(const TaskDescription& task, const SensorContracts& contracts,
                        const DatasetDescription& dataset);

}  // namespace skysense
