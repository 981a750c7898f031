#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.h"
#include "heads/task_model.h"

namespace skysense {

/// Low-rank adapters (Hu et al. 2021, arXiv 2106.09685) in place of training the pre-trained model: W + alpha / rank *
/// B A with B = 0 at the start.
struct LoraOptions {
  int64_t rank = 0;  ///< 0 is off; else the pre-trained model is frozen and its adapters learn
  double alpha = 16;
  /// Endings of the names of the linear layers that get adapters.
  std::vector<std::string> modules = {"attn.qkv", "attn.proj"};

  void describe(OptionFields& fields);
};

/// The patch merging of a task in place of the model's (Table 11): a number for each of stages 2 to 4, 1 halves the
/// resolution before it, 0 keeps it; empty: as the model has it.
struct MergingOptions {
  std::vector<int64_t> hr, ms, sar;

  void describe(OptionFields& fields);
};

/// What a recipe and a checkpoint say about a task's network: the config's `task` group.
struct TaskOptions {
  std::string head = "linear";
  std::string modality;             ///< whose stage maps the head sees; empty: the first of the task's
  bool fusion = false;              ///< the fusion encoder, for series and several modalities
  int64_t cell = 0;                 ///< label pixels that a cell of the fusion grid is wide; 0: see TaskInput
  bool prompts = true;              ///< false leaves the modality prompts out (Table 13)
  bool geo_context = true;          ///< the prototypes of the place's region, where model and data set know them
  MergingOptions merging;           ///< Table 11
  std::vector<std::string> frozen;  ///< modules that do not learn: model, model.tokenizers, model.fusion, …
  std::string moe = "train";        ///< train, frozen-gate or single-expert (Table 17)
  LoraOptions lora;
  int64_t channels = 512;  ///< of FCN and UperNet
  double dropout = 0.1;
  bool auxiliary = true;
  int64_t auxiliary_channels = 256;
  std::string norm = "batch";

  void describe(OptionFields& fields);
};

/// Which of the pre-trained modules the task uses. Throws UsageError as task_model_options.
TaskFeatureOptions task_feature_options(const TaskOptions& task, const std::vector<Modality>& modalities,
                                        const ModelOptions& model);

/// The options of the network. `modalities` are the task's, `model` gives the patch merging that is not set here.
/// Throws UsageError naming the setting that does not fit: an unknown head or module name, a detector
/// (detection_model_options is for those), a modality that the task lacks, several modalities without fusion.
TaskModelOptions task_model_options(const TaskOptions& task, const std::vector<Modality>& modalities,
                                    const ModelOptions& model, int64_t logits);

}  // namespace skysense
