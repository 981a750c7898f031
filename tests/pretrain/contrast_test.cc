#include "pretrain/contrast.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "pretrain/spread.h"
#include "testing/all_close.h"
#include "testing/fixture.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::Fixture;

constexpr int kViews = 3, kGlobals = 2;

LearningHead head_of(const Fixture& fixture, const std::string& prefix) {
  LearningHead head(8, LearningHeadSizes{.hidden = 16, .bottleneck = 6, .outputs = 12});
  const torch::NoGradGuard no_grad;
  for (auto& [name, value] : fixture.with_prefix(prefix)) head->named_parameters()[name].copy_(value);
  return head;
}

struct Case {
  std::vector<SourceMap> student, teacher;
  std::vector<ViewGeometry> geometry;
};

Case case_of(const Fixture& fixture) {
  Case c;
  for (int v = 0; v < kViews; ++v) {
    c.student.push_back({fixture[fmt::format("student.{}", v)].requires_grad_(), fixture[fmt::format("valid.{}", v)]});
    c.geometry.push_back({fixture["boxes"][v], fixture["transforms"][v]});
  }
  for (int g = 0; g < kGlobals; ++g) c.teacher.push_back({fixture[fmt::format("teacher.{}", g)], c.student[g].valid});
  return c;
}

// python/parity/contrast.py, fp32, 1e-5.
TEST(ContrastParity, LossesAndGradientsEqualTheReference) {
  const Fixture fixture("contrast");
  const Case c = case_of(fixture);
  LearningHead student_head = head_of(fixture, "student_head."), teacher_head = head_of(fixture, "teacher_head.");
  Centre image_centre(12), pixel_centre(12);
  image_centre.load(fixture["centre.image"]);
  pixel_centre.load(fixture["centre.pixel"]);
  const auto losses =
      contrast(c.student, c.teacher, c.geometry, {student_head, teacher_head, &image_centre, &pixel_centre},
               {.student_temperature = 0.1}, 0.05);
  EXPECT_TRUE(all_close(losses.image, fixture["image"][0], 1e-5, 1e-5));
  EXPECT_TRUE(all_close(losses.pixel, fixture["pixel"][0], 1e-5, 1e-5));
  (losses.image + losses.pixel).backward();
  for (int v = 0; v < kViews; ++v) {
    EXPECT_TRUE(all_close(c.student[v].features.grad(), fixture[fmt::format("gradient.{}", v)], 1e-4, 1e-6)) << v;
  }
  for (auto& [name, gradient] : fixture.with_prefix("head_gradient.")) {
    EXPECT_TRUE(all_close(student_head->named_parameters()[name].grad(), gradient, 1e-4, 1e-5)) << name;
  }
}

// python/parity/contrast.py, fp32, 1e-5.
TEST(SpreadParity, LossAndGradientEqualTheReference) {
  const Fixture fixture("spread");
  const auto pooled = fixture["pooled"].requires_grad_();
  const auto loss = spread_loss(pooled, fixture["valid"], 2);
  EXPECT_TRUE(all_close(loss, fixture["loss"][0], 1e-5, 1e-5));
  loss.backward();
  EXPECT_TRUE(all_close(pooled.grad(), fixture["gradient"], 1e-4, 1e-5));
}

TEST(Spread, OnePlaceAloneOrNoneIsZeroAndHasAGradient) {
  const auto pooled = torch::randn({4, 8}, torch::requires_grad());
  for (const auto& valid : {torch::zeros({4}, torch::kBool), torch::tensor({true, true, false, false})}) {
    const auto loss = spread_loss(pooled, valid, 2);
    EXPECT_EQ(loss.item<double>(), 0);
    loss.backward();
  }
  EXPECT_TRUE(pooled.grad().isfinite().all().item<bool>());
}

TEST(Spread, TwoEqualPlacesAreFinite) {
  const auto pooled = torch::ones({2, 8}, torch::requires_grad());
  const auto loss = spread_loss(pooled, torch::ones({2}, torch::kBool), 1);
  loss.backward();
  EXPECT_GT(loss.item<double>(), 10);
  EXPECT_TRUE(pooled.grad().isfinite().all().item<bool>());
}

TEST(Contrast, TheTeacherIsATargetWithoutGradient) {
  const auto student = torch::randn({3, 5}, torch::requires_grad()),
             teacher = torch::randn({3, 5}, torch::requires_grad());
  learning_loss(student, centred_targets(teacher, torch::zeros({5}), 0.05), 0.1).sum().backward();
  EXPECT_TRUE(student.grad().defined());
  EXPECT_FALSE(teacher.grad().defined());
}

// python/parity/contrast.py, fp32, 1e-5.
TEST(SinkhornParity, TargetsEqualTheReference) {
  const Fixture fixture("sinkhorn");
  EXPECT_TRUE(all_close(sinkhorn_targets(fixture["logits"], 0.05), fixture["targets"], 1e-5, 1e-5));
}

TEST(SinkhornTargets, AreDistributionsThatUseEveryOutputAlike) {
  torch::manual_seed(5);
  // Logits that centring by a stale mean would leave on one output.
  const auto logits = torch::randn({64, 8}) * 0.1 + torch::tensor({2.f, 0.f, 0.f, 0.f, 0.f, 0.f, 0.f, 0.f});
  const auto targets = sinkhorn_targets(logits, 0.05);
  EXPECT_TRUE(all_close(targets.sum(1), torch::ones({64}), 1e-5, 1e-5));
  EXPECT_LT((targets.mean(0) * 8 - 1).abs().max().item<double>(), 0.25);
  EXPECT_GT(targets.std(0).min().item<double>(), 1e-2);  // and still tell the rows apart
  EXPECT_TRUE(sinkhorn_targets(logits * 1000, 0.05).isfinite().all().item<bool>());
}

TEST(Contrast, ViewsWithoutSharedGroundHaveNoPixelLoss) {
  const auto map = [] { return SourceMap{torch::randn({1, 1, 2, 2, 8}), torch::ones({1, 1, 2, 2}, torch::kBool)}; };
  const auto box = [](double x) {
    return ViewGeometry{torch::tensor({{x, 0.0, 4.0, 4.0}}, torch::kDouble), torch::zeros({1}, torch::kLong)};
  };
  LearningHead head(8, LearningHeadSizes{.hidden = 16, .bottleneck = 6, .outputs = 12});
  Centre image_centre(12), pixel_centre(12);
  const SourceHeads heads{head, head, &image_centre, &pixel_centre};
  const std::vector<SourceMap> maps = {map(), map()};
  EXPECT_EQ(contrast(maps, maps, {box(0), box(100)}, heads, {}, 0.05).pixel.item<double>(), 0);
  EXPECT_GT(contrast(maps, maps, {box(0), box(1)}, heads, {}, 0.05).pixel.item<double>(), 0);
}

TEST(Contrast, MaskedCellsChangeNothing) {
  torch::manual_seed(1);
  LearningHead head(8, LearningHeadSizes{.hidden = 16, .bottleneck = 6, .outputs = 12});
  auto valid = torch::ones({1, 1, 2, 2}, torch::kBool);
  valid[0][0][1][1] = false;
  const auto features = torch::randn({1, 1, 2, 2, 8});
  auto changed = features.clone();
  changed[0][0][1][1] += 100;
  const ViewGeometry geometry{torch::tensor({{0.0, 0.0, 4.0, 4.0}}, torch::kDouble), torch::zeros({1}, torch::kLong)};
  const auto loss = [&](const torch::Tensor& map, bool masked) {
    Centre image_centre(12), pixel_centre(12);
    const std::vector<SourceMap> maps(2, SourceMap{map, masked ? valid : torch::ones_like(valid)});
    const auto losses =
        contrast(maps, maps, {geometry, geometry}, {head, head, &image_centre, &pixel_centre}, {}, 0.05);
    return (losses.image + losses.pixel).item<double>();
  };
  EXPECT_NEAR(loss(features, true), loss(changed, true), 1e-5);
  EXPECT_GT(std::abs(loss(features, false) - loss(changed, false)), 1e-3);
}

TEST(Centre, MovesTowardsTheMeanOfWhatItSaw) {
  Centre centre(2);
  centre.observe(torch::tensor({{1.f, 2.f}, {3.f, 4.f}}));
  centre.observe(torch::tensor({{5.f, 6.f}}));
  centre.update(0.9);
  EXPECT_TRUE(all_close(centre.value(), torch::tensor({0.3f, 0.4f})));
  centre.update(0.9);  // nothing observed since: it stays
  EXPECT_TRUE(all_close(centre.value(), torch::tensor({0.3f, 0.4f})));
  centre.observe(torch::tensor({{100.f, 100.f}}));
  centre.update(1.0);  // a step left out is forgotten
  centre.update(0.0);
  EXPECT_TRUE(all_close(centre.value(), torch::tensor({0.3f, 0.4f})));
}

}  // namespace
}  // namespace skysense
