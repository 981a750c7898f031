#include "model/checkpointing.h"

#include "model/autocast.h"
#include "model/backbone.h"
#include "model/drop_path.h"
#include "tests/model/reference.h"

namespace skysense {
namespace {

using testing::random_tensor;
using testing::relative_l2_within;

at::Generator make_generator(uint64_t seed) { return at::make_generator<at::CPUGeneratorImpl>(seed); }

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
    const auto output =
        backbone->forward(random_tensor({4, 8, 8, 32}), Modality::kHr, {.generator = make_generator(11)});
    step.features = output.stages[3].to(at::kFloat);
    (step.features.square().sum() + output.moe_loss).backward();
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
  const RunBlock block = [&](const torch::Tensor& x, const std::optional<at::Generator>&) -> BlockOutput {
    ++runs;
    EXPECT_EQ(at::GradMode::is_enabled(), runs == 2);
    return {x.matmul(weight), {}};
  };
  const auto output = run_checkpointed(block, random_tensor({2, 3}), {}, {weight}).tokens;
  EXPECT_EQ(runs, 1);
  output.sum().backward();
  EXPECT_EQ(runs, 2);
  EXPECT_TRUE(weight.grad().defined());
}

TEST(DropPath, DropsWholeSamplesAndKeepsTheMean) {
  const auto dropped = drop_path(at::ones({4000, 3}), 0.25, make_generator(1));
  EXPECT_TRUE(at::equal(dropped.select(1, 0), dropped.select(1, 2)));
  EXPECT_TRUE(((dropped == 0) | ((dropped - 1 / 0.75).abs() < 1e-6)).all().item<bool>());
  EXPECT_NEAR(dropped.mean().item<double>(), 1.0, 0.04);  // four standard errors
}

TEST(DropPath, NeedsAGeneratorAndIsOffInEvaluation) {
  EXPECT_THROW(drop_path(at::ones({2, 3}), 0.5, {}), c10::ValueError);
  Backbone backbone(options(false));
  testing::randomise(*backbone, 0.05);
  const auto tokens = random_tensor({4, 8, 8, 32});
  EXPECT_THROW(backbone->forward(tokens, Modality::kHr), c10::ValueError);
  const auto first = backbone->forward(tokens, Modality::kHr, {.generator = make_generator(1)}).stages[3];
  const auto second = backbone->forward(tokens, Modality::kHr, {.generator = make_generator(2)}).stages[3];
  EXPECT_FALSE(testing::all_close(first, second));
  backbone->eval();
  EXPECT_TRUE(testing::all_close(backbone->forward(tokens, Modality::kHr).stages[3],
                                 backbone->forward(tokens, Modality::kHr).stages[3], 0, 0));
}

}  // namespace
}  // namespace skysense
