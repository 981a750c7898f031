#include "finetune/task_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "core/error.h"
#include "core/progress.h"
#include "finetune/selection.h"
#include "finetune/task_evaluation.h"

namespace skysense {
namespace {

void check(const FinetuneOptions& options, const PretrainedModel& pretrained, const Ranks& ranks) {
  const TaskTrainOptions& train = options.train;
  if (train.batch_size % (train.accumulate * ranks.size()) != 0) {
    throw UsageError(fmt::format("train.batch_size {} is no multiple of train.accumulate {}{}", train.batch_size,
                                 train.accumulate,
                                 ranks.size() > 1 ? fmt::format(" times the {} processes", ranks.size()) : ""));
  }
  if (options.eval.patience > 0 && options.eval.every == 0)
    throw UsageError("eval.patience wants evaluations on the way: set eval.every");
  if (options.task.moe != "train" && pretrained.options.moe.experts == 0) {
    throw UsageError(
        fmt::format("task.moe {} is about a model's experts, and the pre-trained one has none: name another --model, "
                    "or set task.moe=train",
                    options.task.moe));
  }
}

/// Those that show an object to be learnt; reads all labels.
std::vector<int64_t> samples_with_objects(const LabelledDataset& dataset, const std::vector<int64_t>& numbers) {
  Progress progress("samples with objects", static_cast<int64_t>(numbers.size()), "samples");
  std::vector<int64_t> kept;
  int64_t done = 0;
  for (const int64_t number : numbers) {
    const LabelledSample labels = dataset.get(number, {.modalities = {}});
    if (labels.objects && std::ranges::count(labels.objects->ignored, 0) > 0) kept.push_back(number);
    progress.update(++done);
  }
  progress.finish();
  if (kept.empty()) throw DataError(dataset.description().name + ": no training sample shows an object to be learnt");
  return kept;
}

}  // namespace

TaskRun plan_task_run(const FinetuneOptions& options, const std::string& recipe, const LabelledDataset& dataset,
                      const PretrainedModel& pretrained, const Ranks& ranks) {
  check(options, pretrained, ranks);
  TaskRun run{.options = options,
              .recipe = recipe,
              .setup = set_up_task(options, dataset, pretrained.contracts()),
              .training = {},
              .validation = {}};
  run.setup.task.recipe = recipe;
  for (const std::string& split : options.data.train_splits) {
    const auto numbers = samples_of(dataset, split);
    run.training.insert(run.training.end(), numbers.begin(), numbers.end());
  }
  std::ranges::sort(run.training);
  if (run.training.empty()) {
    throw DataError(fmt::format("{}: no samples of the split{} that data.train_splits names",
                                dataset.description().name, options.data.train_splits.size() > 1 ? "s" : ""));
  }
  if (options.data.with_objects && run.setup.task.kind == TaskKind::kBoxes)
    run.training = samples_with_objects(dataset, run.training);
  run.training = select_samples(dataset, run.training, options.data.selection);
  run.validation = samples_of(dataset, options.data.val_split);
  if (run.validation.empty() && options.data.val_share > 0)
    run.validation = hold_out(dataset, run.training, options.data.val_share, options.seed);
  run.validation = spread_out(run.validation, options.eval.samples);

  TaskTrainOptions& train = run.options.train;
  const double epoch_steps = static_cast<double>(run.training.size()) / static_cast<double>(train.batch_size);
  if (train.epochs > 0)
    train.steps = std::max<int64_t>(1, std::llround(static_cast<double>(train.epochs) * epoch_steps));
  if (train.schedule.warmup_epochs > 0)
    train.schedule.warmup_steps = std::llround(train.schedule.warmup_epochs * epoch_steps);
  return run;
}

}  // namespace skysense
