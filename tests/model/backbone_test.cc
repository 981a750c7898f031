#include "model/backbone.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "data/normalise.h"
#include "model/autocast.h"
#include "model/initialise.h"
#include "model/moe.h"
#include "model/skysense_model.h"
#include "model/up_head.h"
#include "testing/fixture.h"
#include "tests/model/reference.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::random_tensor;
using testing::relative_l2_within;

constexpr double kTolerance = 1e-5;          // float32, relative L2
constexpr double kGradientTolerance = 1e-4;  // of sums over ten blocks
const PerModality<int64_t> kChannels = {{3, 10, 2}};

struct Case {
  std::string name;
  Modality modality;
  ForwardOptions options;
};

PatchMergingPlan plan_of(Modality modality, std::array<bool, 3> subsample) {
  PatchMergingPlan plan;
  plan.subsample[modality] = subsample;
  return plan;
}

/// The cases of python/parity/backbone.py.
std::vector<Case> all_cases() {
  using enum Modality;
  return {{"hr", kHr, {}},
          {"hr_odd", kHr, {}},
          {"hr_keeps_last", kHr, {.plan = plan_of(kHr, {true, true, false})}},
          {"hr_keeps_middle", kHr, {.plan = plan_of(kHr, {true, false, true}), .prompts = false}},
          {"ms", kMs, {}},
          {"ms_small", kMs, {}},
          {"ms_subsamples", kMs, {.plan = plan_of(kMs, {true, true, true})}},
          {"sar", kSar, {}},
          {"sar_patch", kSar, {.plan = plan_of(kSar, {false, true, false})}}};
}

/// Without the fusion encoder, which has a parity suite of its own.
void load_encoder(torch::nn::Module& model, const testing::Fixture& fixture) {
  for (const std::string part : {"tokenizers", "backbone"}) {
    testing::load_weights(*model.named_children()[part], fixture.with_prefix("weights." + part + "."));
  }
}

void expect_encoder_gradients(const torch::nn::Module& model, const testing::Fixture& fixture) {
  for (const std::string part : {"tokenizers", "backbone"}) {
    testing::expect_gradients(*model.named_children()[part], fixture.with_prefix("gradients." + part + "."),
                              kGradientTolerance);
  }
}

void expect_equals_peer(const std::string& fixture_name, const ModelOptions& options, const std::vector<Case>& cases) {
  const testing::Fixture fixture(fixture_name);
  SkysenseModel model(options, kChannels);
  load_encoder(*model, fixture);
  auto loss = at::zeros({});
  for (const auto& item : cases) {
    const auto output = model->encode(item.modality, fixture[item.name + ".image"], item.options);
    for (int stage = 0; stage < kStages; ++stage) {
      const auto suffix = std::to_string(stage);
      EXPECT_TRUE(relative_l2_within(output.stages[stage], fixture[item.name + ".stage" + suffix], kTolerance))
          << item.name << suffix;
      loss = loss + (output.stages[stage] * fixture[item.name + ".probe" + suffix]).mean();
    }
    const auto balance = output.balance.defined() ? load_balancing_loss(output.balance) : torch::zeros({});
    EXPECT_TRUE(all_close(balance, fixture[item.name + ".moe_loss"])) << item.name;
    loss = loss + 0.01 * balance;
  }
  loss.backward();
  expect_encoder_gradients(*model, fixture);
}

TEST(BackboneParity, EqualsThePeerForEveryModalitySizeAndPlan) {
  expect_equals_peer("backbone", {.position_grid = 12}, all_cases());
}

TEST(BackboneParity, EqualsThePeerWithExperts) {
  using enum Modality;
  expect_equals_peer("backbone_experts", {.position_grid = 12, .moe = {.experts = 4, .top_k = 2, .blocks = {1, 6, 9}}},
                     {{"hr", kHr, {}}, {"ms", kMs, {}}, {"sar", kSar, {}}});
}

TEST(BackboneParity, EqualsThePeerWithoutGlobalAttention) {
  using enum Modality;
  expect_equals_peer("backbone_windows", {.global_attention = false, .position_grid = 12},
                     {{"hr_odd", kHr, {}}, {"ms", kMs, {}}, {"sar", kSar, {}}});
}

ModelOptions small_options() { return {.depths = {1, 2, 2, 1}, .position_grid = 4}; }

SkysenseModel make_model(const ModelOptions& options) {
  SkysenseModel model(options, kChannels);
  testing::randomise(*model, 0.05);
  return model;
}

TEST(Backbone, KeepsResolutionWhereThePlanSays) {
  auto model = make_model(small_options());
  const auto image = random_tensor({1, 10, 24, 16});
  const auto kept = model->encode(Modality::kMs, image);
  const auto halved = model->encode(Modality::kMs, image, {.plan = plan_of(Modality::kMs, {true, false, true})});
  EXPECT_THAT(kept.stages[3].sizes().vec(), ::testing::ElementsAre(1, 6, 4, 256));
  EXPECT_THAT(halved.stages[1].sizes().vec(), ::testing::ElementsAre(1, 3, 2, 64));
  EXPECT_THAT(halved.stages[3].sizes().vec(), ::testing::ElementsAre(1, 2, 1, 256));
}

TEST(Backbone, PromptsOfOneModalityChangeThatModalityOnly) {
  auto model = make_model(small_options());
  const auto image = random_tensor({1, 2, 16, 16});
  const auto with = model->encode(Modality::kSar, image),
             without = model->encode(Modality::kSar, image, {.prompts = false});
  EXPECT_TRUE(all_close(with.stages[1], without.stages[1], 0, 0));
  EXPECT_FALSE(all_close(with.stages[2], without.stages[2]));
  {
    const c10::AutoGradMode no_gradient(false);
    model->named_parameters()["backbone.stages.2.prompts.ms"].add_(1);
  }
  EXPECT_TRUE(all_close(model->encode(Modality::kSar, image).stages[3], with.stages[3], 0, 0));
}

TEST(Backbone, ASampleDoesNotDependOnItsBatch) {
  auto model = make_model(small_options());
  const auto images = random_tensor({3, 3, 40, 36});
  const auto together = model->encode(Modality::kHr, images).stages[3],
             alone = model->encode(Modality::kHr, images.slice(0, 1, 2)).stages[3];
  EXPECT_TRUE(relative_l2_within(together.slice(0, 1, 2), alone, kTolerance));
}

TEST(Backbone, RunsInBfloat16CloseToFloat32) {
  auto model = make_model(small_options());
  const auto image = random_tensor({1, 3, 64, 64});
  const auto exact = model->encode(Modality::kHr, image).stages[3];
  const AutocastScope autocast(at::kCPU, at::kBFloat16);
  EXPECT_TRUE(relative_l2_within(model->encode(Modality::kHr, image).stages[3], exact, 4e-2));
}

TEST(Backbone, RefusesAnUnknownModalityAndBrokenSizes) {
  SkysenseModel rgb_only(small_options(), PerModality<int64_t>{{3, 0, 0}});
  EXPECT_THROW(rgb_only->encode(Modality::kMs, random_tensor({1, 10, 16, 16})), c10::ValueError);
  EXPECT_THROW(rgb_only->encode(Modality::kHr, random_tensor({1, 4, 16, 16})), c10::ValueError);
  EXPECT_THROW(rgb_only->encode(Modality::kHr, random_tensor({1, 3, 16, 3})), c10::ValueError);
  EXPECT_THROW(Backbone(ModelOptions{.dim = 40}), UsageError);
  EXPECT_THROW(Backbone(ModelOptions{.depths = {2, 2}}), UsageError);
  EXPECT_THROW(Backbone(ModelOptions{.moe = {.experts = 2, .blocks = {10}}}), UsageError);
}

TEST(Initialise, DependsOnTheSeedOnly) {
  SkysenseModel a(small_options(), kChannels), b(small_options(), kChannels);
  initialise(*a, at::make_generator<at::CPUGeneratorImpl>(5));
  initialise(*b, at::make_generator<at::CPUGeneratorImpl>(5));
  for (const auto& item : a->named_parameters())
    EXPECT_TRUE(at::equal(item.value(), b->named_parameters()[item.key()])) << item.key();
  initialise(*b, at::make_generator<at::CPUGeneratorImpl>(6));
  EXPECT_FALSE(at::equal(a->named_parameters()["backbone.position_embedding"],
                         b->named_parameters()["backbone.position_embedding"]));
}

TEST(Initialise, TokenizersStartBlindToGainWhereZeroMeansDark) {
  SensorContracts contracts;
  contracts[Modality::kMs] = builtin_contract("sentinel2-l2a");
  contracts[Modality::kSar] = builtin_contract("sentinel1-grd-db");
  const ModelOptions options = small_options();
  SkysenseModel model(options, PerModality<int64_t>{{0, 10, 2}});
  initialise(*model, contracts, at::make_generator<at::CPUGeneratorImpl>(5));
  const auto tokens = [&](Modality modality, const torch::Tensor& physical) {
    const c10::AutoGradMode no_gradient(false);
    const auto valid = torch::ones({physical.size(0), physical.size(2), physical.size(3)}, torch::kBool);
    return model->encode(modality, normalise(physical, valid, *contracts[modality])).stages[0];
  };
  const auto reflectance = 0.05 + 0.3 * torch::rand({2, 10, 16, 16});
  EXPECT_TRUE(relative_l2_within(tokens(Modality::kMs, 3 * reflectance), tokens(Modality::kMs, reflectance), 1e-3));
  EXPECT_FALSE(relative_l2_within(tokens(Modality::kMs, reflectance + 0.1), tokens(Modality::kMs, reflectance), 1e-1));
  // A decibel scale has no zero: a tripled value in decibels is another ground.
  const auto backscatter = -8 - 4 * torch::rand({2, 2, 16, 16});
  EXPECT_FALSE(relative_l2_within(tokens(Modality::kSar, 3 * backscatter), tokens(Modality::kSar, backscatter), 1e-1));
  for (const double value : contracts[Modality::kSar]->no_signal()) EXPECT_EQ(value, 0);
}

TEST(Initialise, UpHeadsRepeatTheirInput) {
  const c10::AutoGradMode no_gradient(false);
  UpHead head(6);
  initialise(*head, at::make_generator<at::CPUGeneratorImpl>(5));
  const auto grid = random_tensor({2, 3, 5, 6});
  const auto map = head(grid);
  const auto pixels = map.view({2, 3, 4, 5, 4, 6});
  EXPECT_TRUE(at::equal(pixels, pixels.slice(2, 0, 1).slice(4, 0, 1).expand_as(pixels)));
  EXPECT_FALSE(relative_l2_within(pixels.select(1, 0), pixels.select(1, 1), 0.1));  // other tokens, other features
}

TEST(Initialise, LinearLayersKeepTheSizeOfTheirInput) {
  SkysenseModel model(small_options(), kChannels);
  initialise(*model, at::make_generator<at::CPUGeneratorImpl>(5));
  int64_t compared = 0;
  for (const auto& item : model->named_parameters()) {
    if (!item.key().ends_with("mlp.fc1.weight")) continue;
    const double wanted = 1 / std::sqrt(static_cast<double>(item.value().size(1)));
    EXPECT_NEAR(item.value().std().item<double>(), std::max(0.02, wanted), 0.1 * wanted) << item.key();
    ++compared;
  }
  EXPECT_GT(compared, 0);
  EXPECT_NEAR(model->named_parameters()["backbone.position_embedding"].std().item<double>(), 0.02, 0.002);
}

}  // namespace
}  // namespace skysense
