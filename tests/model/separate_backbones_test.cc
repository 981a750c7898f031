#include <gtest/gtest.h>

#include "model/initialise.h"
#include "model/skysense_model.h"
#include "testing/all_close.h"
#include "tests/model/reference.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::random_tensor;

const PerModality<int64_t> kChannels = {{3, 10, 2}};

ModelOptions options(bool separate) {
  return {
      .depths = {1, 1, 2, 1}, .separate_backbones = separate, .position_grid = 4, .moe = {.experts = 2, .blocks = {}}};
}

/// A unified model and one of separate backbones that all have its weights.
struct Pair {
  SkysenseModel unified{options(false), kChannels}, separate{options(true), kChannels};

  Pair() {
    testing::randomise(*unified, 0.05);
    const torch::NoGradGuard no_gradient;
    const auto weights = unified->named_parameters();
    for (auto& item : separate->named_parameters()) item.value().copy_(weights[shared_name(item.key())]);
  }

  /// "backbones.hr.stages…" -> "backbone.stages…".
  static std::string shared_name(const std::string& name) {
    const std::string separate = "backbones.";
    if (!name.starts_with(separate)) return name;
    return "backbone" + name.substr(name.find('.', separate.size()));
  }
};

torch::Tensor image_of(Modality modality) { return random_tensor({2, kChannels[modality], 16, 16}); }

TEST(SeparateBackbones, OfEqualWeightsEqualTheSharedOne) {
  Pair models;
  for (const Modality modality : kModalities) {
    const auto shared = models.unified->encode(modality, image_of(modality)),
               own = models.separate->encode(modality, image_of(modality));
    for (int stage = 0; stage < kStages; ++stage) EXPECT_TRUE(at::equal(own.stages[stage], shared.stages[stage]));
    EXPECT_TRUE(at::equal(own.balance, shared.balance));
  }
}

TEST(SeparateBackbones, HaveGradientsThatTheSharedOneAddsUp) {  // paper sec. 4.4: what sharing gains
  Pair models;
  for (SkysenseModel& model : std::array{models.unified, models.separate}) {
    auto loss = torch::zeros({});
    for (const Modality modality : kModalities)
      loss = loss + model->encode(modality, image_of(modality)).stages[3].square().mean();
    loss.backward();
  }
  std::map<std::string, torch::Tensor> sums;
  for (const auto& item : models.separate->named_parameters()) {
    if (!item.value().grad().defined()) continue;
    auto& sum = sums[Pair::shared_name(item.key())];
    sum = sum.defined() ? sum + item.value().grad() : item.value().grad();
  }
  for (const auto& item : models.unified->named_parameters()) {
    if (!item.value().grad().defined()) continue;  // of stages whose own output nobody took
    ASSERT_TRUE(sums.contains(item.key())) << item.key();
    EXPECT_TRUE(testing::relative_l2_within(sums[item.key()], item.value().grad(), 1e-5)) << item.key();
    sums.erase(item.key());
  }
  EXPECT_TRUE(sums.empty());
}

TEST(SeparateBackbones, ShareNothing) {
  Pair models;
  const auto before = models.separate->encode(Modality::kMs, image_of(Modality::kMs)).stages[3];
  {
    const torch::NoGradGuard no_gradient;
    for (auto& item : models.separate->named_parameters()) {
      if (item.key().starts_with("backbones.hr.")) item.value().add_(1);
    }
  }
  EXPECT_TRUE(at::equal(models.separate->encode(Modality::kMs, image_of(Modality::kMs)).stages[3], before));
  EXPECT_FALSE(all_close(models.separate->encode(Modality::kHr, image_of(Modality::kHr)).stages[3],
                         models.unified->encode(Modality::kHr, image_of(Modality::kHr)).stages[3]));
}

TEST(SeparateBackbones, StartFromDrawsOfTheirOwn) {
  SkysenseModel model(options(true), kChannels);
  initialise(*model, at::make_generator<at::CPUGeneratorImpl>(1));
  const auto weights = model->named_parameters();
  EXPECT_FALSE(all_close(weights["backbones.hr.position_embedding"], weights["backbones.ms.position_embedding"]));
}

TEST(SeparateBackbones, AreThereForTheModalitiesInUseOnly) {
  SkysenseModel model(options(true), PerModality<int64_t>{{3, 0, 2}});
  std::vector<std::string> names;
  for (const auto& child : model->named_children()["backbones"]->named_children()) names.push_back(child.key());
  EXPECT_EQ(names, (std::vector<std::string>{"hr", "sar"}));
}

}  // namespace
}  // namespace skysense
