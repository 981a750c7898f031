#pragma once

#include <ATen/ops/cat.h>
#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

#include "finetune/task_loader.h"
#include "finetune/task_run.h"
#include "testing/all_close.h"

namespace skysense::testing {

/// A run of `options.train.steps` steps, and the student's tensors before and after it.
struct Trained {
  NamedTensors before, after, product;
  std::vector<TaskStep> steps;
};

inline NamedTensors copies(const NamedTensors& tensors) {
  NamedTensors result;
  for (const auto& [name, tensor] : tensors) result[name] = tensor.detach().clone();
  return result;
}

inline Trained train_steps(const LabelledDataset& dataset, const FinetuneOptions& options,
                           const PretrainedModel& pretrained, const Ranks& ranks = alone(),
                           std::optional<GeoPrototypes> prototypes = std::nullopt) {
  const TaskRun run = plan_task_run(options, "", dataset, pretrained, ranks);
  TaskTraining training(make_starting_model(pretrained, run.setup.contracts, options), std::move(prototypes), run.setup,
                        options, ranks, torch::kCPU);
  TaskLoader loader(dataset, run.training, run.setup, options,
                    {.seed = static_cast<uint64_t>(options.seed),
                     .batch_size = options.train.batch_size / ranks.size(),
                     .micro_batches = options.train.accumulate,
                     .rank = ranks.rank(),
                     .world_size = ranks.size()});
  Trained result{.before = copies(training.tensors().student), .after = {}, .product = {}, .steps = {}};
  for (int64_t step = 0; step < run.options.train.steps; ++step)
    result.steps.push_back(training.step(loader.next(), step));
  result.after = copies(training.tensors().student);
  result.product = copies(training.tensors().teacher);
  return result;
}

/// All weights as one vector. Where a gradient is rounding alone, as of a bias of keys, Adam's first steps follow its
/// sign: single tensors are no measure.
inline torch::Tensor joined(const NamedTensors& tensors) {
  std::vector<torch::Tensor> parts;
  for (const auto& [name, tensor] : tensors) parts.push_back(tensor.flatten().to(torch::kFloat));
  return at::cat(parts);
}

/// The same steps but for the order of sums: losses and gradients within 1e-4, weights within 1e-3.
inline void expect_same_training(const Trained& actual, const Trained& expected) {
  ASSERT_EQ(actual.steps.size(), expected.steps.size());
  for (size_t i = 0; i < expected.steps.size(); ++i) {
    const TaskStep &own = actual.steps[i], &other = expected.steps[i];
    EXPECT_NEAR(own.loss, other.loss, 1e-4 * other.loss) << i;
    EXPECT_NEAR(own.gradient_norm, other.gradient_norm, 1e-4 * other.gradient_norm) << i;
    ASSERT_EQ(own.parts.size(), other.parts.size());
    for (size_t part = 0; part < own.parts.size(); ++part)
      EXPECT_NEAR(own.parts[part].second, other.parts[part].second, 1e-4 * other.loss) << own.parts[part].first;
  }
  EXPECT_TRUE(relative_l2_within(joined(actual.after), joined(expected.after), 1e-3));
}

}  // namespace skysense::testing
