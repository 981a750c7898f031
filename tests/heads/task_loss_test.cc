#include "heads/task_loss.h"

#include <ATen/ops/full.h>
#include <ATen/ops/one_hot.h>
#include <gtest/gtest.h>

#include "testing/all_close.h"
#include "testing/fixture.h"
#include "tests/model/reference.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::Fixture;
using testing::random_tensor;

constexpr double kTolerance = 1e-6;  // relative, float32
constexpr int64_t kIgnored = 255;

std::vector<double> numbers(const torch::Tensor& values) {
  std::vector<double> list;
  for (int64_t i = 0; i < values.numel(); ++i) list.push_back(values[i].item<double>());
  return list;
}

TEST(TaskLossParity, EveryLossEqualsScikitLearnsLogLoss) {
  const Fixture fixture("head_losses");
  const auto expect = [&](const std::string& name, const torch::Tensor& loss) {
    EXPECT_NEAR(loss.item<double>(), fixture[name].item<double>(), kTolerance * fixture[name].item<double>()) << name;
  };
  TaskLossOptions options;
  expect("plain", task_loss(fixture["logits"], fixture["labels"], options));
  options.class_weights = numbers(fixture["weights"]);
  expect("weighted", task_loss(fixture["logits"], fixture["labels"], options));
  options = {.loss = TaskLoss::kBinaryCrossEntropy};
  expect("binary", task_loss(fixture["binary_logits"], fixture["binary_labels"], options));
  options.class_weights = numbers(fixture["binary_weights"]);
  expect("binary_weighted", task_loss(fixture["binary_logits"], fixture["binary_labels"], options));
  expect("multi", task_loss(fixture["scenes"], fixture["answers"], {.loss = TaskLoss::kMultiLabelSoftMargin}));
}

TEST(TaskLoss, IgnoredLabelsHaveNoGradient) {
  for (const auto loss : {TaskLoss::kCrossEntropy, TaskLoss::kBinaryCrossEntropy}) {
    const int64_t classes = loss == TaskLoss::kCrossEntropy ? 4 : 1;
    const auto logits = random_tensor({2, classes, 3, 3}).set_requires_grad(true);
    auto labels = at::full({2, 3, 3}, 1, at::kLong) * (classes > 1 ? 2 : 1);
    labels[0][1][1] = kIgnored;
    task_loss(logits, labels, {.loss = loss}).backward();
    EXPECT_EQ(logits.grad()[0].select(1, 1).select(1, 1).abs().max().item<double>(), 0);
    EXPECT_GT(logits.grad()[1].select(1, 1).select(1, 1).abs().max().item<double>(), 0);
  }
}

TEST(TaskLoss, IsZeroWhereEverythingIsIgnored) {
  for (const auto loss : {TaskLoss::kCrossEntropy, TaskLoss::kBinaryCrossEntropy}) {
    const int64_t classes = loss == TaskLoss::kCrossEntropy ? 4 : 1;
    const auto logits = random_tensor({2, classes, 3, 3}).set_requires_grad(true);
    const auto value = task_loss(logits, at::full({2, 3, 3}, kIgnored, at::kLong), {.loss = loss});
    value.backward();
    EXPECT_EQ(value.item<double>(), 0);
    EXPECT_EQ(logits.grad().abs().max().item<double>(), 0);
  }
}

TEST(TaskLoss, CertainProbabilitiesAreLabels) {
  const auto logits = random_tensor({6, 4});
  const auto labels = at::full({6}, 3, at::kLong);
  for (const std::vector<double>& weights : {std::vector<double>{}, {1, 1, 1, 1}}) {
    const TaskLossOptions options{.class_weights = weights};
    EXPECT_TRUE(all_close(task_loss(logits, at::one_hot(labels, 4).to(at::kFloat), options),
                          task_loss(logits, labels, options)));
  }
}

TEST(TaskLoss, AddsAuxiliaryMapsByTheirWeightAndAveragesOverDates) {
  const auto labels = at::full({2, 3, 3}, 1, at::kLong), later = at::full({2, 3, 3}, 0, at::kLong);
  const auto a = random_tensor({2, 4, 3, 3}, 1), b = random_tensor({2, 4, 3, 3}, 2);
  const TaskLossOptions options{.auxiliary_weight = 0.3};
  TaskOutput output{.logits = {a, b}, .auxiliary = {b, a}};
  const auto expected = (task_loss(a, labels, options) + 0.3 * task_loss(b, labels, options) +
                         task_loss(b, later, options) + 0.3 * task_loss(a, later, options)) /
                        2;
  EXPECT_TRUE(all_close(task_loss(output, {labels, later}, options), expected));
  EXPECT_THROW(task_loss(output, {labels}, options), c10::ValueError);
}

TEST(TaskLoss, RefusesWeightsOfAnotherNumber) {
  const auto labels = at::full({2}, 1, at::kLong);
  EXPECT_THROW(task_loss(random_tensor({2, 4}), labels, {.class_weights = {1, 2}}), c10::ValueError);
  EXPECT_THROW(task_loss(random_tensor({2, 4}), labels, {.loss = TaskLoss::kBinaryCrossEntropy}), c10::ValueError);
}

}  // namespace
}  // namespace skysense
