#include "pretrain/objective.h"

#include <gtest/gtest.h>

#include <limits>

#include "noise_places.h"
#include "testing/all_close.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::NoisePlaces;
using testing::small_options;

const Ranks kAlone;

/// Both branches on one batch of four places.
struct Setting {
  explicit Setting(const PretrainOptions& given, const torch::Tensor& class_texts = {})
      : options(given), objective(options, torch::kCPU, class_texts, kAlone) {
    for (int64_t number = 0; number < 4; ++number) {
      const auto seed = static_cast<uint64_t>(number);
      places.push_back(make_views(noise.get(number), noise.contracts(), options.views, options.augment, 1, 0, seed));
    }
    for (int64_t slot = 0; slot < options.views.views(); ++slot) {
      views.push_back(collate(places, slot, noise.contracts(), options.views));
    }
    copy_parameters(student, teacher);
    teacher->eval();
    student->eval();  // no drop path: two measures of the same differ in nothing else
  }
  Learner make() const {
    torch::manual_seed(1);
    const PerModality<int64_t> channels{{3, 10, 2}};
    return Learner(options.model, options.head, options.weights.qsacl > 0 ? options.qsacl.queries : 0, channels);
  }
  LossReport measure() { return objective.measure(student, teacher, views, 0.04, {1, 2, 3, 4}); }
  void label(int64_t classes) {
    const int64_t cells = options.views.pixels(0, Modality::kHr) / 32;
    for (auto& view : views) view.label_cells = torch::randint(-1, classes, {4, cells, cells}, torch::kLong);
  }

  const PretrainOptions options;
  const NoisePlaces noise;
  std::vector<std::vector<View>> places;
  std::vector<ViewBatch> views;
  Learner student = make(), teacher = make();
  Objective objective;
};

bool has(const LossReport& report, const std::string& name) {
  const auto found = report.parts.find(name);
  return found != report.parts.end() && found->second.count.item<double>() > 0;
}

TEST(Objective, IsTheWeightedSumOfItsParts) {
  auto options = small_options(1);
  options.weights = {.mgcl = 0.5, .qsacl = 2, .ita = 3};
  Setting setting(options, torch::eye(8).narrow(0, 0, 4));
  setting.label(4);
  const LossReport report = setting.measure();
  double sum = 0;
  for (const auto& [name, mean] : report.parts) {
    const double weight = name == "query" ? 2 : name == "ita" ? 3 : name == "moe" ? 0.01 : 0.5;
    if (!name.starts_with("entropy.")) sum += weight * mean.value().item<double>();
  }
  EXPECT_TRUE(has(report, "query") && has(report, "ita") && has(report, "moe") && has(report, "sar.object"));
  EXPECT_NEAR(report.total.item<double>(), sum, 1e-4);
  report.total.backward();
  for (const auto& [name, parameter] : setting.objective.parameters()) {
    EXPECT_GT(parameter.grad().abs().sum().item<double>(), 0) << name;
  }
  for (const auto& item : setting.student->aggregation()->named_parameters()) {
    EXPECT_TRUE(item.value().grad().defined()) << item.key();
  }
}

TEST(Objective, WhatHasNoWeightIsNotThere) {
  auto options = small_options(1);
  options.weights = {.mgcl = 1, .qsacl = 0, .ita = 0};
  options.contrast.object_level = options.contrast.pixel_level = options.gcpl.enabled = false;
  Setting setting(options, torch::eye(8).narrow(0, 0, 4));
  setting.label(4);
  const LossReport report = setting.measure();
  EXPECT_TRUE(has(report, "hr.image"));
  for (const auto& [name, mean] : report.parts) {
    EXPECT_TRUE(name.ends_with(".image") || name == "moe") << name;
  }
  EXPECT_TRUE(setting.objective.parameters().empty());
  EXPECT_EQ(setting.objective.prototypes(), nullptr);
  EXPECT_TRUE(setting.student->aggregation().is_empty());
}

TEST(Objective, WithoutLabelsThereIsNoAlignment) {
  Setting setting(small_options(1), torch::eye(8).narrow(0, 0, 4));
  EXPECT_FALSE(has(setting.measure(), "ita"));
  EXPECT_FALSE(setting.objective.parameters().empty());
}

TEST(Objective, BothBranchesAttendToWhatTheLastStepsLearnt) {
  Setting setting(small_options(1));
  const auto fused = [&] { return setting.measure().parts.at("fused.image").value(); };
  const auto before = fused();
  EXPECT_TRUE(all_close(fused(), before, 0, 0));  // nothing changes within a step
  setting.objective.end_step(/*keep=*/false);
  EXPECT_TRUE(all_close(fused(), before, 0, 0));
  EXPECT_EQ(setting.objective.prototypes()->values().abs().sum().item<double>(), 0);
  const auto centres = setting.objective.state();
  EXPECT_EQ(centres.at("centres.fused.image").abs().sum().item<double>(), 0);

  setting.objective.end_step(/*keep=*/true);
  for (const auto& [name, centre] : centres) {
    EXPECT_GT(centre.abs().sum().item<double>(), 0) << name;
    centre.zero_();  // what is left is the context
  }
  EXPECT_FALSE(all_close(fused(), before, 1e-4, 1e-4));
  for (auto& view : setting.views) view.locations.fill_(std::numeric_limits<double>::quiet_NaN());
  EXPECT_TRUE(all_close(fused(), before, 1e-5, 1e-5));
}

}  // namespace
}  // namespace skysense
