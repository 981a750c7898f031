#include "engine/adamw.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/weights.h"
#include "model/skysense_model.h"
#include "testing/all_close.h"
#include "testing/fixture.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using testing::all_close;

torch::Tensor parameter(const torch::Tensor& value) { return value.clone().requires_grad_(); }

TEST(AdamWParity, TenStepsWithClippingEqualTorch) {
  const testing::Fixture fixture("adamw");
  NamedTensors parameters;
  for (const auto& [name, value] : fixture.with_prefix("start.")) parameters[name] = parameter(value);
  ASSERT_EQ(parameters.size(), 5u);
  AdamW optimizer(parameters);
  for (int step = 0; step < 10; ++step) {
    optimizer.zero_grad();
    for (const auto& [name, gradient] : fixture.with_prefix(fmt::format("gradient.{}.", step))) {
      parameters[name].mutable_grad() = gradient;
    }
    const double norm = optimizer.clip_gradients(20);
    EXPECT_NEAR(norm, fixture[fmt::format("norm.{}", step)].item<double>(), 1e-5 * norm) << step;
    optimizer.step(fixture[fmt::format("lr.{}", step)].item<double>(),
                   fixture[fmt::format("weight_decay.{}", step)].item<double>());
    for (const auto& [name, expected] : fixture.with_prefix(fmt::format("after.{}.", step))) {
      EXPECT_TRUE(all_close(parameters[name], expected, 1e-6, 1e-6)) << name << " after step " << step;
    }
  }
  const auto state = optimizer.state();
  for (const auto& [name, expected] : fixture.with_prefix("state.")) {
    EXPECT_TRUE(all_close(state.at(name), expected, 1e-6, 1e-6)) << name;
  }
}

TEST(AdamW, AParametersOwnRateIsThatOfAnOptimiserOfItsOwn) {
  const auto gradient = [](int step) { return torch::tensor({{0.3f, -1.0f}, {2.0f, 0.1f}}) * (step + 1); };
  NamedTensors together = {{"a.weight", parameter(torch::ones({2, 2}))}, {"b.weight", parameter(torch::ones({2, 2}))}};
  NamedTensors alone_one = {{"a.weight", parameter(torch::ones({2, 2}))}};
  AdamWOptions scaled;
  scaled.lr_scales = {{"a.weight", 0.25}};
  AdamW both(together, scaled), one(alone_one);
  for (int step = 0; step < 3; ++step) {
    for (auto& [name, value] : together) value.mutable_grad() = gradient(step);
    alone_one["a.weight"].mutable_grad() = gradient(step);
    both.step(0.1, 0.05);
    one.step(0.025, 0.05);
  }
  EXPECT_TRUE(at::equal(together["a.weight"], alone_one["a.weight"]));
  EXPECT_FALSE(at::equal(together["a.weight"], together["b.weight"]));
}

TEST(AdamW, DecaysMatricesOnly) {
  const auto matrix = torch::ones({4, 4});
  EXPECT_TRUE(takes_weight_decay("backbone.stages.0.blocks.0.mlp.hidden.weight", matrix));
  EXPECT_TRUE(takes_weight_decay("tokenizers.hr.projection.weight", torch::ones({8, 3, 4, 4})));
  EXPECT_TRUE(takes_weight_decay("backbone.stages.2.prompts.hr.projection.weight", matrix));
  EXPECT_FALSE(takes_weight_decay("x.bias", torch::ones({4})));
  EXPECT_FALSE(takes_weight_decay("experts.bias", matrix));  // one bias vector an expert
  EXPECT_FALSE(takes_weight_decay("x.norm1.weight", torch::ones({4})));
  EXPECT_FALSE(takes_weight_decay("attention.logit_scale", torch::ones({8, 1, 1})));
  EXPECT_FALSE(takes_weight_decay("fusion.day_of_year_embedding.weight", matrix));
  EXPECT_FALSE(takes_weight_decay("backbone.position_embedding", torch::ones({1, 4, 4, 8})));
  EXPECT_FALSE(takes_weight_decay("fusion.class_token", matrix));
  EXPECT_FALSE(takes_weight_decay("backbone.stages.2.prompts.hr", matrix));
  EXPECT_FALSE(takes_weight_decay("decoder.queries", matrix));
}

TEST(AdamW, OfTheWholeModelOnlyMapsOfFeaturesDecay) {
  ModelOptions options{.depths = {1, 1, 1, 1}, .fusion_layers = 1};
  options.moe = {.experts = 2, .blocks = {3}};
  SkysenseModel model(options, PerModality<int64_t>{{3, 10, 2}});
  std::set<std::string>
      spared;  // tensors of two or more dimensions without decay, by the last two parts of their names
  for (const auto& [name, value] : named_parameters(*model)) {
    if (value.dim() < 2) {
      EXPECT_FALSE(takes_weight_decay(name, value)) << name;
    } else if (!takes_weight_decay(name, value)) {
      spared.insert(name.substr(name.rfind('.', name.rfind('.') - 1) + 1));
    }
  }
  EXPECT_EQ(spared, (std::set<std::string>{"0.weight", "2.weight",  // of attn.cpb_mlp
                                           "attn.logit_scale", "backbone.position_embedding", "day_of_year.weight",
                                           "prompts.hr", "prompts.ms", "prompts.sar"}));
}

TEST(AdamW, WithoutAGradientOnlyDecayedParametersShrink) {
  NamedTensors parameters = {{"m.weight", parameter(torch::ones({2, 2}))}, {"m.bias", parameter(torch::ones({2}))}};
  AdamW optimizer(parameters);
  for (auto& [name, value] : parameters) value.mutable_grad() = torch::zeros_like(value);
  optimizer.step(0.5, 0.1);
  EXPECT_TRUE(all_close(parameters["m.weight"], torch::full({2, 2}, 0.95)));
  EXPECT_TRUE(at::equal(parameters["m.bias"], torch::ones({2})));
}

TEST(AdamW, AGradientLaidOutOtherwiseGivesTheSameStep) {
  const auto start = torch::arange(12.0f).reshape({3, 4});
  const auto gradient = torch::arange(12.0f).reshape({4, 3}).t();
  NamedTensors strided = {{"w", parameter(start)}}, dense = {{"w", parameter(start)}};
  AdamW first(strided), second(dense);
  strided["w"].mutable_grad() = gradient;
  dense["w"].mutable_grad() = gradient.contiguous();
  first.step(0.1, 0);
  second.step(0.1, 0);
  EXPECT_TRUE(at::equal(strided["w"], dense["w"]));
}

TEST(AdamW, ContinuesExactlyFromItsSavedState) {
  testing::TemporaryFolder folder;
  const auto gradient = [](int step) { return torch::tensor({{0.3f, -1.0f}, {2.0f, 0.1f}}) * (step + 1); };
  const auto take = [&](AdamW& optimizer, NamedTensors& parameters, int step) {
    parameters["w"].mutable_grad() = gradient(step);
    optimizer.step(0.01, 0.04);
  };
  NamedTensors whole = {{"w", parameter(torch::ones({2, 2}))}};
  AdamW uninterrupted(whole);
  for (int step = 0; step < 3; ++step) take(uninterrupted, whole, step);
  save_tensors(folder / "optimizer.safetensors", uninterrupted.state());
  NamedTensors resumed = {{"w", parameter(whole["w"].detach())}};
  AdamW continued(resumed);
  load_tensors_into(folder / "optimizer.safetensors", continued.state());
  for (int step = 3; step < 6; ++step) {
    take(uninterrupted, whole, step);
    take(continued, resumed, step);
  }
  EXPECT_TRUE(at::equal(whole["w"], resumed["w"]));
}

TEST(AdamW, ClippingLeavesSmallGradientsAlone) {
  NamedTensors parameters = {{"a", parameter(torch::zeros({2}))}, {"b", parameter(torch::zeros({1}))}};
  AdamW optimizer(parameters);
  parameters["a"].mutable_grad() = torch::tensor({3.0f, 0.0f});
  parameters["b"].mutable_grad() = torch::tensor({4.0f});
  EXPECT_DOUBLE_EQ(optimizer.clip_gradients(6), 5);
  EXPECT_TRUE(at::equal(parameters["a"].grad(), torch::tensor({3.0f, 0.0f})));
  EXPECT_DOUBLE_EQ(optimizer.clip_gradients(1), 5);
  EXPECT_TRUE(all_close(parameters["b"].grad(), torch::tensor({0.8f})));
  optimizer.zero_grad();
  EXPECT_EQ(optimizer.clip_gradients(1), 0);
}

TEST(AdamW, TheNormOfBfloat16GradientsIsAccumulatedInFloat32) {
  auto value = torch::zeros({100'000}, torch::kBFloat16).requires_grad_();
  AdamW optimizer({{"w", value}});
  value.mutable_grad() = torch::full({100'000}, 0.01, torch::kBFloat16);
  const double each = torch::tensor(0.01).to(torch::kBFloat16).item<double>();
  EXPECT_NEAR(optimizer.clip_gradients(1e9), each * std::sqrt(100'000.0), 1e-3);
}

}  // namespace
}  // namespace skysense
