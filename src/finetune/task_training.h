#pragma once

#include <torch/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/adamw.h"
#include "engine/checkpoint.h"
#include "engine/gradient_average.h"
#include "engine/ranks.h"
#include "engine/run_log.h"
#include "finetune/labelled_batch.h"
#include "finetune/lora.h"
#include "finetune/options.h"
#include "finetune/task_network.h"
#include "finetune/task_setup.h"
#include "model/geo_prototypes.h"

namespace skysense {

/// What one optimiser step found, over all ranks.
struct TaskStep {
  double loss = 0;      ///< the task's, with the auxiliary head's
  LogValues parts;      ///< of which it is the sum, by name; empty where it has none
  double moe_loss = 0;  ///< of the experts, before its weight; 0 where it does not count
  double gradient_norm = 0;
  bool kept = true;  ///< false: loss or norm was not finite, and nothing changed
};

/// How many parameters learn.
struct TrainableCount {
  int64_t all = 0, learning = 0;
};

/// A task's network with its optimiser, its adapters and its moving average: everything that a checkpoint holds, and
/// the step that moves it (paper App. D).
class TaskTraining {
 public:
  /// `model` as make_starting_model gives it; the heads are drawn by the seed. `prototypes` of the pre-trained model,
  /// which do not learn. `setup` and `ranks` outlive this. Throws UsageError for settings that do not fit the network.
  TaskTraining(SkysenseModel model, std::optional<GeoPrototypes> prototypes, const TaskSetup& setup,
               const FinetuneOptions& options, const Ranks& ranks, torch::Device device);

  /// Step `number`, from 0, on this rank's micro-batches. The loss is the mean over the labels, or images, of all
  /// micro-batches and ranks, however they are spread (TaskNetwork::weights).
  TaskStep step(const std::vector<LabelledBatch>& batches, int64_t number);

  /// Calls `use` with the network as a product has it: in evaluation mode, with the moving average's weights and the
  /// adapters added in. Without gradients.
  void with_product(const std::function<void(TaskNetwork& network)>& use);

  /// For writing a checkpoint: copies of the product as its teacher.
  RunTensors tensors() const;
  /// Fills this from a checkpoint of the same config. Throws DataError.
  RunState restore(const std::filesystem::path& checkpoint);

  const GeoPrototypes* prototypes() const { return prototypes_ ? &*prototypes_ : nullptr; }
  TrainableCount count() const;

 private:
  NamedTensors trained() const;
  NamedTensors moving() const;
  NamedTensors student() const;
  NamedTensors product() const;
  RunTensors tensors_with(NamedTensors teacher) const;
  void update_average(int64_t number);

  const FinetuneOptions options_;
  const TaskSetup& setup_;
  const Ranks& ranks_;
  const torch::Device device_;
  const torch::Dtype dtype_;
  const ModelOptions sizes_;
  const std::optional<GeoPrototypes> prototypes_;
  const std::unique_ptr<TaskNetwork> network_;
  std::unique_ptr<Lora> lora_;
  std::unique_ptr<AdamW> optimizer_;
  std::unique_ptr<GradientAverage> average_;
  NamedTensors ema_;  // of everything that learns, and of the heads' statistics; empty where it is off
};

}  // namespace skysense
