#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "detection/object_targets.h"
#include "finetune/labelled_batch.h"
#include "finetune/options.h"
#include "finetune/task_setup.h"
#include "heads/task_product.h"

namespace skysense {

/// What a batch teaches.
struct TaskLosses {
  std::vector<torch::Tensor> losses;   ///< float32 scalars, means over what counts; their sum is learnt
  std::vector<torch::Tensor> balance;  ///< what the experts met, see TaskOutput
};

/// What a network says of one sample, on the CPU.
struct TaskAnswer {
  std::vector<torch::Tensor> logits{};  ///< float32, one for each output: [K] of a scene, [K, H, W] of a map
  Detections objects{};                 ///< of detectors, in pixels of the labels
};

/// A task's network as the one engine of fine-tuning and evaluation sees it, whatever its head answers with.
class TaskNetwork {
 public:
  virtual ~TaskNetwork() = default;
  /// Parameters and buffers, with the pre-trained model below "model."; in training or evaluation mode.
  virtual torch::nn::Module& module() = 0;
  /// By which the losses are logged beside their sum; empty where the sum says all.
  virtual std::vector<std::string> loss_names() const = 0;
  /// What each of the losses of a batch is a mean over: so many labels, or images. With it losses of several batches
  /// join to that of all: sum of weight * loss / sum of weight.
  virtual std::vector<double> weights(const LabelledBatch& batch) const = 0;
  /// In training mode; the batch is on the network's device and has labels and row keys.
  virtual TaskLosses learn(const LabelledBatch& batch) = 0;
  /// In evaluation mode: one answer a sample.
  virtual std::vector<TaskAnswer> answer(const LabelledBatch& batch) = 0;
};

/// The network of a run before its first step: heads are drawn by the seed. Throws UsageError for settings that do not
/// fit.
std::unique_ptr<TaskNetwork> make_task_network(SkysenseModel model, const TaskSetup& setup,
                                               const FinetuneOptions& options);

/// A fine-tuned network of any task, to be evaluated.
struct OpenedTask {
  TaskProduct product;  ///< its own network is that of tasks of classes, or empty
  std::unique_ptr<TaskNetwork> network;
};

/// Reads what load_task_product or load_detection_product reads, and throws what they throw. Of `assignments` to the
/// run's config a detector takes those of its own group; UsageError where the network is no detector.
OpenedTask open_task(const std::filesystem::path& path, const std::vector<std::string>& assignments = {});

}  // namespace skysense
