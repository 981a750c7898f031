#include "finetune/task_training.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "testing/all_close.h"
#include "testing/as_ranks.h"
#include "tests/finetune/pattern_dataset.h"
#include "tests/finetune/train_steps.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::expect_same_training;
using testing::PatternDataset;
using testing::PatternOptions;
using testing::small_finetuning;
using testing::small_pretrained;
using testing::Trained;

Trained train(const FinetuneOptions& options, const PatternOptions& patterns, const PretrainedModel& pretrained,
              const Ranks& ranks = alone()) {
  return testing::train_steps(PatternDataset(patterns), options, pretrained, ranks);
}

bool moved(const Trained& trained, const std::string& name) {
  return !at::equal(trained.before.at(name), trained.after.at(name));
}

const PatternOptions kScenes{.side = 8, .hr_per_pixel = 8};

TEST(TaskTraining, WhatIsFrozenStaysBitForBit) {
  auto options = small_finetuning("linear", 3);
  options.data.frame.side = 64;
  options.task.frozen = {"model.tokenizers", "model.backbone.stages.0"};
  const Trained trained = train(options, kScenes, small_pretrained());
  int64_t frozen = 0;
  for (const auto& [name, tensor] : trained.before) {
    const bool is_frozen = name.starts_with("model.tokenizers.") || name.starts_with("model.backbone.stages.0.");
    EXPECT_FALSE(is_frozen && moved(trained, name)) << name;
    frozen += is_frozen ? 1 : 0;
  }
  EXPECT_GT(frozen, 5);
  EXPECT_TRUE(moved(trained, "model.backbone.stages.3.blocks.0.attn.qkv.weight"));
  EXPECT_TRUE(moved(trained, "head.classifier.weight"));
}

TEST(TaskTraining, PrototypesOfRegionsTellOfPlacesAndStay) {
  auto options = small_finetuning("linear", 3);
  options.task.fusion = true;
  options.train.weight_decay = 0;
  const PatternDataset places({.ms_dates = 1, .located = true});
  const PretrainedModel pretrained = small_pretrained();
  const auto train_with = [&](std::optional<GeoPrototypes> prototypes) {
    return testing::train_steps(places, options, pretrained, alone(), std::move(prototypes));
  };
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(uint64_t{3});
  const torch::Tensor learnt = at::randn({64, 5, pretrained.options.fusion_dim}, generator), before = learnt.clone();
  const Trained informed = train_with(GeoPrototypes(learnt));
  EXPECT_TRUE(at::equal(informed.product.at("prototypes"), before));
  for (const auto& [name, tensor] : informed.after) EXPECT_EQ(name.find("prototypes"), std::string::npos) << name;
  // They were looked at: the half of the weight that meets them learns, and what is learnt differs.
  const auto met = [&](const NamedTensors& tensors) {
    return tensors.at("model.fusion.geo_context.linear.weight")
        .narrow(1, pretrained.options.fusion_dim, learnt.size(2));
  };
  EXPECT_FALSE(at::equal(met(informed.after), met(informed.before)));
  const Trained uninformed = train_with(std::nullopt);
  EXPECT_FALSE(uninformed.product.contains("prototypes"));
  EXPECT_TRUE(at::equal(met(uninformed.after), met(uninformed.before)));
  EXPECT_NE(informed.steps[2].loss, uninformed.steps[2].loss);
  // A task that does not want them gets none.
  options.task.geo_context = false;
  EXPECT_EQ(train_with(GeoPrototypes(learnt)).steps[2].loss, uninformed.steps[2].loss);
}

TEST(TaskTraining, LayersLearnAtTheirOwnRates) {
  // The first step of Adam moves a parameter by its learning rate, whatever the gradient's size.
  auto options = small_finetuning("linear", 1);
  options.data.frame.side = 64;
  options.train.layer_decay = 0.5;
  options.train.weight_decay = 0;
  options.train.schedule.schedule = "constant";
  const Trained trained = train(options, kScenes, small_pretrained());
  const auto step_of = [&](const std::string& name) {
    return (trained.after.at(name) - trained.before.at(name)).abs().max().item<double>();
  };
  EXPECT_NEAR(step_of("head.classifier.weight"), 1e-3, 1e-5);
  EXPECT_NEAR(step_of("model.backbone.stages.3.blocks.0.attn.qkv.weight"), 1e-3 / 2, 1e-5);
  EXPECT_NEAR(step_of("model.backbone.stages.2.blocks.0.attn.qkv.weight"), 1e-3 / 4, 1e-5);
  EXPECT_NEAR(step_of("model.tokenizers.hr.proj.weight"), 1e-3 / 32, 1e-6);
}

TEST(TaskTraining, AFrozenGateStaysAndItsExpertsLearn) {
  auto options = small_finetuning("linear", 2);
  options.data.frame.side = 64;
  options.task.moe = "frozen-gate";
  const Trained frozen = train(options, kScenes, small_pretrained(2));
  const std::string block = "model.backbone.stages.3.blocks.0.mlp.";
  EXPECT_FALSE(moved(frozen, block + "gate.weight"));
  bool experts_moved = false;
  for (const auto& [name, tensor] : frozen.before)
    experts_moved = experts_moved || (name.starts_with(block + "experts.") && moved(frozen, name));
  EXPECT_TRUE(experts_moved);
  options.task.moe = "train";
  EXPECT_TRUE(moved(train(options, kScenes, small_pretrained(2)), block + "gate.weight"));
}

TEST(TaskTraining, ASingleExpertIsOneOfTheModelsOwn) {
  auto options = small_finetuning("linear", 1);
  options.task.moe = "single-expert";
  PretrainedModel pretrained = small_pretrained(4);
  const PatternDataset dataset(kScenes);
  const auto setup = set_up_task(options, dataset, nullptr);
  pretrained.product.emplace();
  pretrained.product->contracts = setup.contracts;
  pretrained.product->model = SkysenseModel(pretrained.options, channels_of(setup.contracts));
  std::set<int64_t> kept;
  for (options.seed = 0; options.seed < 8; ++options.seed) {
    const auto tensors = named_tensors(*make_starting_model(pretrained, setup.contracts, options));
    const auto experts = named_tensors(*pretrained.product->model);
    const std::string mlp = "backbone.stages.3.blocks.0.mlp.";
    EXPECT_FALSE(tensors.contains(mlp + "gate.weight"));
    for (int64_t expert = 0; expert < 4; ++expert) {
      const auto& own = experts.at(fmt::format("{}experts.{}.fc1.weight", mlp, expert));
      if (at::equal(own, tensors.at(mlp + "fc1.weight"))) kept.insert(expert);
    }
  }
  EXPECT_GT(kept.size(), 1u);  // drawn by the seed
}

TEST(TaskTraining, AdaptersBeginAsTheIdentityAndAreAllThatLearnsOfTheModel) {
  auto options = small_finetuning("linear", 1);
  options.data.frame.side = 64;
  options.task.lora.rank = 2;
  const Trained trained = train(options, kScenes, small_pretrained());
  int64_t adapters = 0;
  for (const auto& [name, tensor] : trained.before) {
    if (name.starts_with("lora.")) ++adapters;
    if (name.starts_with("lora.") && name.ends_with(".b")) {
      EXPECT_EQ(tensor.abs().max().item<double>(), 0) << name;
      // New SwinV2 blocks are the identity, so that nothing within them matters yet.
      const bool matters = name.find(".stages.2.") != std::string::npos || name.find(".stages.3.") != std::string::npos;
      EXPECT_EQ(moved(trained, name), matters) << name;
    }
    EXPECT_FALSE(name.starts_with("model.") && moved(trained, name)) << name;
  }
  EXPECT_EQ(adapters, 2 * 2 * 4);  // a and b of attn.qkv and attn.proj in each of four blocks
  EXPECT_TRUE(moved(trained, "head.classifier.weight"));
  // The first loss is that of the model without adapters.
  auto plain = options;
  plain.task.lora.rank = 0;
  EXPECT_EQ(trained.steps[0].loss, train(plain, kScenes, small_pretrained()).steps[0].loss);
  // The product has them added in.
  const std::string layer = "backbone.stages.3.blocks.0.attn.qkv";
  const auto sum =
      trained.after.at("model." + layer + ".weight") +
      8 * at::matmul(trained.after.at("lora.model." + layer + ".b"), trained.after.at("lora.model." + layer + ".a"));
  EXPECT_TRUE(all_close(trained.product.at(layer + ".weight"), sum));
}

TEST(TaskTraining, TheMovingAverageIsTheProduct) {
  auto options = small_finetuning("linear", 1);
  options.data.frame.side = 64;
  options.train.ema = 0.5;  // more than 1 / 10, which a young average keeps
  const Trained trained = train(options, kScenes, small_pretrained());
  const auto expected =
      0.1 * trained.before.at("head.classifier.weight") + 0.9 * trained.after.at("head.classifier.weight");
  EXPECT_TRUE(all_close(trained.product.at("head.classifier.weight"), expected));
}

TEST(TaskTraining, Bfloat16IsNearFloat32) {
  auto options = small_finetuning("upernet", 1);
  options.task.dropout = 0;
  const PatternOptions patterns{.label = LabelKind::kMask, .classes = 3, .side = 32, .ms_dates = 1};
  const double exact = train(options, patterns, small_pretrained()).steps[0].loss;
  options.compute.dtype = "bfloat16";
  const double rounded = train(options, patterns, small_pretrained()).steps[0].loss;
  EXPECT_NE(rounded, exact);
  EXPECT_NEAR(rounded, exact, 2e-2 * exact);
}

TEST(TaskTraining, TwoMicroBatchesAreOneBatch) {
  auto options = small_finetuning("upernet", 2);
  options.train.schedule.lr = 1e-4;
  options.task.dropout = 0;
  const PatternOptions patterns{.label = LabelKind::kMask, .classes = 3, .side = 48, .ms_dates = 2, .ignored = true};
  const Trained whole = train(options, patterns, small_pretrained());
  options.train.accumulate = 2;
  const Trained parts = train(options, patterns, small_pretrained());
  expect_same_training(parts, whole);
}

TEST(TaskTraining, TwoRanksAreOne) {
  auto options = small_finetuning("upernet", 2);
  options.train.schedule.lr = 1e-4;
  options.train.drop_path = 0.2;
  options.task.fusion = true;
  options.data.dates = {.ms = 2};
  const PatternOptions patterns{
      .label = LabelKind::kMask, .classes = 3, .side = 48, .hr_per_pixel = 2, .ms_dates = 3, .ignored = true};
  const Trained one = train(options, patterns, small_pretrained(2));
  const auto results = testing::as_ranks(
      2, 29'641, [&](std::unique_ptr<Ranks>& ranks) { return train(options, patterns, small_pretrained(2), *ranks); });
  for (const Trained& rank : results) expect_same_training(rank, one);
}

TEST(TaskTraining, EveryKindOfTaskLearns) {
  struct Case {
    std::string head;
    PatternOptions patterns;
    bool fusion;
    double lr = 3e-3;
  };
  const std::vector<Case> cases = {
      {"linear", {.label = LabelKind::kMultiLabel, .side = 16, .ms_dates = 2}, true, 1e-4},
      {"fcn", {.label = LabelKind::kMask, .side = 16, .hr_per_pixel = 2, .ms_dates = 2}, true, 1e-3},
      {"upernet", {.label = LabelKind::kMaskSeries, .side = 16, .ms_dates = 1}, false},
      {"bit", {.label = LabelKind::kChangeMask, .side = 32, .hr_per_pixel = 1}, false},
      {"unet", {.label = LabelKind::kChangeMask, .side = 16, .ms_dates = 1}, false},
      {"upernet-change", {.label = LabelKind::kTwoMasks, .side = 16, .ms_dates = 1}, false},
      {"upernet-change", {.label = LabelKind::kMaskSeries, .side = 16, .ms_dates = 1}, false}};
  constexpr int64_t kSteps = 60;
  for (const Case& one : cases) {
    auto options = small_finetuning(one.head, kSteps);
    options.task.fusion = one.fusion;
    options.data.frame.side = one.patterns.side;
    options.data.dates = {.ms = 2};
    options.augment.horizontal_flip = options.augment.vertical_flip = 0;
    options.train.schedule.lr = one.lr;
    if (one.head == "unet") options.loss.kind = "binary-cross-entropy";
    const Trained trained = train(options, one.patterns, small_pretrained());
    const auto mean = [&](size_t first) {
      double sum = 0;
      for (size_t i = first; i < first + 5; ++i) sum += trained.steps[i].loss / 5;
      return sum;
    };
    EXPECT_LT(mean(kSteps - 5), 0.8 * mean(0))
        << one.head << " with labels of kind " << label_kind_name(one.patterns.label);
  }
}

TEST(TaskTraining, SettingsThatDoNotFitAreRefused) {
  const PatternDataset scenes(kScenes);
  const auto refuses = [&](const FinetuneOptions& options) {
    EXPECT_THROW(plan_task_run(options, "", scenes, small_pretrained()), UsageError);
  };
  refuses(small_finetuning("upernet", 1));
  auto options = small_finetuning("linear", 1);
  options.loss.kind = "multi-label-soft-margin";
  refuses(options);
  options = small_finetuning("linear", 1);
  options.data.modalities = {"sar"};
  refuses(options);
  options = small_finetuning("linear", 1);
  options.loss.class_weights = {1, 2, 3};
  refuses(options);
  options = small_finetuning("linear", 1);
  options.train.accumulate = 3;
  refuses(options);
}

}  // namespace
}  // namespace skysense
