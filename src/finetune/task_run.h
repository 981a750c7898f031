#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/ranks.h"
#include "engine/run_log.h"
#include "engine/run_start.h"
#include "finetune/options.h"
#include "finetune/starting_model.h"
#include "finetune/task_setup.h"
#include "finetune/task_training.h"

namespace skysense {

/// A fine-tuning run before its first step: what is trained on what.
struct TaskRun {
  FinetuneOptions options;  ///< resolved: train.steps and train.warmup_steps are those of the run
  std::string recipe;       ///< its name, or empty
  TaskSetup setup;
  std::vector<int64_t> training, validation;  ///< sample numbers
};

/// Chooses the samples and resolves what depends on the data set. Throws UsageError for options that do not fit
/// together, DataError for a data set without training samples.
TaskRun plan_task_run(const FinetuneOptions& options, const std::string& recipe, const LabelledDataset& dataset,
                      const PretrainedModel& pretrained, const Ranks& ranks = alone());

/// What a finished run tells.
struct FinetuneResult {
  int64_t steps = 0;
  double loss = 0;  ///< of the last logged step
  double samples_per_second = 0;
  double waiting_share = 0;
  int64_t skipped_samples = 0;
  int64_t parameters = 0;  ///< of the network
  int64_t learning = 0;    ///< that learn, adapters too
  bool stopped_early = false;
  std::string metric;  ///< that validation looked at; empty where it had no samples
  double best = 0;     ///< its best value
  int64_t best_step = 0;
  std::filesystem::path checkpoint, best_checkpoint;
};

/// Fine-tunes a pre-trained model on a data set's task and leaves a run folder as pre-training does: config.yaml,
/// log.jsonl, TensorBoard files, checkpoints/step-N/, model (link to the newest), best (link to the one that validation
/// liked best) and report.html (paper App. D). Resuming, signals and several ranks are as in pretrain(): validation
/// runs on the first rank while the others wait. Throws UsageError and DataError likewise.
FinetuneResult finetune(const TaskRun& run, const LabelledDataset& dataset, const PretrainedModel& pretrained,
                        const std::filesystem::path& folder, Resume resume, const Ranks& ranks = alone());

}  // namespace skysense
