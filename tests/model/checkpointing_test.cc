#include "model/checkpointing.h"

#include "model/autocast.h"
#include "model/backbone.h"
#include "model/drop_path.h"
#include "model/moe.h"
#include "tests/model/reference.h"

namespace skysense {
namespace {

using testing::random_tensor;
using testing::relative_l2_within;

RowKeys make_keys(uint64_t first, uint64_t count = 4) {
  RowKeys keys;
  for (uint64_t i = 0; i < count; ++i) keys.push_back(first + i);
  return keys;
}

ModelOptions options(bool checkpointing) {
  return {.depths = {1, 2, 2, 1},
          .position_grid = 4,
          .moe = {.experts = 2, .top_k = 1, .blocks = {1, 5}},
          .drop_path = 0.5,
          .activation_checkpointing = checkpointing};
}

struct Step {
  std::map<std::string, torch::Tensor> gradients;
  torch::Tensor features;
};

/// One training step's gradients of a backbone with drop path and experts.
Step run_step(bool checkpointing, c10::ScalarType dtype) {
  Backbone backbone(options(checkpointing));
  testing::randomise(*backbone, 0.05);
  backbone->train();
  Step step;
  {
    const AutocastScope autocast(at::kCPU, dtype);
    const auto output = backbone->forward(random_tensor({4, 8, 8, 32}), Modality::kHr, {.row_keys = make_keys(11)});
    step.features = output.stages[3].to(at::kFloat);
    (step.features.square().sum() + load_balancing_loss(output.balance)).backward();
  }
  for (const auto& item : backbone->named_parameters()) step.gradients[item.key()] = item.value().grad();
  return step;
}

void expect_same_step(c10::ScalarType dtype) {
  const auto plain = run_step(false, dtype), checkpointed = run_step(true, dtype);
  EXPECT_TRUE(testing::all_close(checkpointed.features, plain.features, 0, 0));
  for (const auto& [name, gradient] : plain.gradients) {
    ASSERT_EQ(gradient.defined(), checkpointed.gradients.at(name).defined()) << name;
    if (!gradient.defined()) continue;
    EXPECT_TRUE(relative_l2_within(checkpointed.gradients.at(name), gradient, 1e-6)) << name;
  }
}

TEST(Checkpointing, ChangesNoGradient) { expect_same_step(at::kFloat); }
TEST(Checkpointing, ChangesNoGradientInBfloat16) { expect_same_step(at::kBFloat16); }

TEST(Checkpointing, RunsTheBlockOnceForwardAndOnceBackward) {
  int runs = 0;
  auto weight = random_tensor({3, 3}).requires_grad_();
  const RunBlock block = [&](const torch::Tensor& x) -> BlockOutput {
    ++runs;
    EXPECT_EQ(at::GradMode::is_enabled(), runs == 2);
    EXPECT_EQ(runs_again_later(), runs == 1);
    return {x.matmul(weight), {}};
  };
  const auto output = run_checkpointed(block, random_tensor({2, 3}), {weight}).tokens;
  EXPECT_EQ(runs, 1);
  EXPECT_FALSE(runs_again_later());
  output.sum().backward();
  EXPECT_EQ(runs, 2);
  EXPECT_TRUE(weight.grad().defined());
}

TEST(DropPath, DropsRowsAtItsRateAndKeepsTheMean) {
  const auto scales = draw_branch_scales({0, 0.25}, make_keys(1, 4000), 4000, at::kCPU);
  EXPECT_TRUE(at::equal(scales[0], at::ones({2, 4000})));
  EXPECT_TRUE(((scales[1] == 0) | ((scales[1] - 1 / 0.75).abs() < 1e-6)).all().item<bool>());
  EXPECT_NEAR(scales[1].mean().item<double>(), 1.0, 0.03);  // four standard errors
  EXPECT_FALSE(at::equal(scales[1][0], scales[1][1]));      // each branch draws for itself
  const auto rows = add_branch(at::zeros({4000, 3}), at::ones({4000, 3}), branch_scale(scales[1], 0));
  EXPECT_TRUE(at::equal(rows.select(1, 2), scales[1][0]));
}

TEST(DropPath, WhatARowDrawsFollowsFromItsKeyAlone) {
  const auto together = draw_branch_scales({0.5, 0.5}, make_keys(7, 40), 40, at::kCPU);
  const auto apart = draw_branch_scales({0.5, 0.5}, make_keys(17, 10), 10, at::kCPU);
  EXPECT_TRUE(at::equal(together.narrow(2, 10, 10), apart));
}

TEST(DropPath, RatesGrowWithDepth) {
  EXPECT_EQ(linear_rates(0.2, 3), (std::vector<double>{0, 0.1, 0.2}));
  EXPECT_EQ(linear_rates(0.2, 1), std::vector<double>{0.2});
}

TEST(DropPath, NeedsKeysAndIsOffInEvaluation) {
  Backbone backbone(options(false));
  testing::randomise(*backbone, 0.05);
  const auto tokens = random_tensor({4, 8, 8, 32});
  EXPECT_THROW(backbone->forward(tokens, Modality::kHr), c10::ValueError);
  EXPECT_THROW(backbone->forward(tokens, Modality::kHr, {.row_keys = make_keys(1, 3)}), c10::ValueError);
  const auto first = backbone->forward(tokens, Modality::kHr, {.row_keys = make_keys(1)}).stages[3];
  const auto second = backbone->forward(tokens, Modality::kHr, {.row_keys = make_keys(20)}).stages[3];
  EXPECT_FALSE(testing::all_close(first, second));
  backbone->eval();
  EXPECT_TRUE(testing::all_close(backbone->forward(tokens, Modality::kHr).stages[3],
                                 backbone->forward(tokens, Modality::kHr).stages[3], 0, 0));
}

}  // namespace
}  // namespace skysense
