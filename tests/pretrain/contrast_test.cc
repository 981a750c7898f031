#include "pretrain/contrast.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/autocast.h"
#include "parity_heads.h"
#include "pretrain/spread.h"
#include "testing/all_close.h"
#include "testing/as_ranks.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::as_ranks;
using testing::centre_of;
using testing::Fixture;
using testing::head_of;
using testing::kParityHead;

constexpr int kViews = 3, kGlobals = 2;
const Ranks kAlone;

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

/// The centres of the three granularities.
struct Centres {
  Centre image{12, torch::kCPU}, pixel{12, torch::kCPU}, object{12, torch::kCPU};
  SourceHeads of(const LearningHead& student, const LearningHead& teacher) {
    return {student, teacher, &image, &pixel, &object};
  }
};

ContrastOptions without_objects() {
  ContrastOptions options;
  options.object_level = false;
  return options;
}

// python/parity/contrast.py, fp32, 1e-5.
TEST(ContrastParity, LossesAndGradientsEqualTheReference) {
  const Fixture fixture("contrast");
  const Case c = case_of(fixture);
  LearningHead student_head = head_of(fixture, "student_head."), teacher_head = head_of(fixture, "teacher_head.");
  Centres centres;
  centres.image.value().copy_(fixture["centre.image"]);
  centres.pixel.value().copy_(fixture["centre.pixel"]);
  const auto losses = contrast(c.student, c.teacher, c.geometry, centres.of(student_head, teacher_head),
                               {without_objects(), 0.05, kAlone});
  EXPECT_TRUE(all_close(losses.image->loss.value(), fixture["image"][0], 1e-5, 1e-5));
  EXPECT_TRUE(all_close(losses.pixel->loss.value(), fixture["pixel"][0], 1e-5, 1e-5));
  EXPECT_EQ(losses.pixel->loss.count.item<int64_t>(), fixture["pixel_pairs"].item<int64_t>());
  EXPECT_FALSE(losses.object.has_value());
  (losses.image->loss.value() + losses.pixel->loss.value()).backward();
  for (int v = 0; v < kViews; ++v) {
    EXPECT_TRUE(all_close(c.student[v].features.grad(), fixture[fmt::format("gradient.{}", v)], 1e-5, 1e-6)) << v;
  }
  for (auto& [name, gradient] : fixture.with_prefix("head_gradient.")) {
    EXPECT_TRUE(all_close(student_head->named_parameters()[name].grad(), gradient, 1e-5, 1e-5)) << name;
  }
}

// python/parity/contrast.py, fp32, 1e-5.
TEST(SpreadParity, LossAndGradientEqualTheReference) {
  const Fixture fixture("spread");
  const auto pooled = fixture["pooled"].requires_grad_();
  const auto loss = spread_loss({{pooled, fixture["valid"]}}, 2).value();
  EXPECT_TRUE(all_close(loss, fixture["loss"][0], 1e-5, 1e-5));
  loss.backward();
  EXPECT_TRUE(all_close(pooled.grad(), fixture["gradient"], 1e-4, 1e-5));
}

TEST(Spread, OnePlaceAloneOrNoneIsZeroAndHasAGradient) {
  const auto pooled = torch::randn({4, 8}, torch::requires_grad());
  for (const auto& valid : {torch::zeros({4}, torch::kBool), torch::tensor({true, true, false, false})}) {
    const auto loss = spread_loss({{pooled, valid}}, 2).value();
    EXPECT_EQ(loss.item<double>(), 0);
    loss.backward();
  }
  EXPECT_TRUE(pooled.grad().isfinite().all().item<bool>());
}

TEST(Spread, TwoEqualPlacesAreFinite) {
  const auto pooled = torch::ones({2, 8}, torch::requires_grad());
  const auto loss = spread_loss({{pooled, torch::ones({2}, torch::kBool)}}, 1).value();
  loss.backward();
  EXPECT_GT(loss.item<double>(), 10);
  EXPECT_TRUE(pooled.grad().isfinite().all().item<bool>());
}

TEST(Spread, ANeighbourIsOfTheSameView) {
  torch::manual_seed(2);
  const auto first = torch::randn({3, 8}), second = torch::randn({3, 8}), all = torch::ones({3}, torch::kBool);
  const Mean together = spread_loss({{first, all}, {second, all}}, 1);
  EXPECT_EQ(together.count.item<int64_t>(), 6);
  EXPECT_TRUE(
      all_close(together.sum, spread_loss({{first, all}}, 1).sum + spread_loss({{second, all}}, 1).sum, 1e-5, 1e-5));
}

// What each of three ranks has of five places, one of them a place without a valid date, and one rank nothing.
TEST(Spread, RanksFindTheNeighboursAndTheGradientsOfOneProcess) {
  torch::manual_seed(4);
  const std::vector<std::pair<int64_t, int64_t>> share = {{0, 3}, {3, 0}, {3, 2}};  // first place and how many
  const auto features = torch::randn({2, 10, 8});                                   // two views, two dates a place
  auto valid = torch::ones({2, 10}, torch::kBool);
  valid.narrow(1, 2, 2).fill_(false);
  const auto rows_of = [&](int64_t first, int64_t count, const torch::Tensor& x) {
    return std::vector<PooledImages>{{x[0].narrow(0, 2 * first, 2 * count), valid[0].narrow(0, 2 * first, 2 * count)},
                                     {x[1].narrow(0, 2 * first, 2 * count), valid[1].narrow(0, 2 * first, 2 * count)}};
  };
  const auto whole = features.clone().requires_grad_();
  const Mean mean = spread_loss(rows_of(0, 5, whole), 2);
  mean.sum.backward();
  struct Share {
    double sum, count;
    torch::Tensor gradient;
  };
  const auto shares = as_ranks(3, 29634, [&](const std::unique_ptr<Ranks>& ranks) {
    const auto [first, count] = share[static_cast<size_t>(ranks->rank())];
    const auto own = features.clone().requires_grad_();
    if (count == 0) {
      no_spread(torch::kCPU, *ranks);
      return Share{0, 0, torch::zeros_like(own)};
    }
    const Mean part = spread_loss(rows_of(first, count, own), 2, *ranks);
    part.sum.backward();
    return Share{part.sum.item<double>(), part.count.item<double>(), own.grad()};
  });
  EXPECT_EQ(shares[0].count + shares[2].count, 16);
  EXPECT_NEAR(shares[0].sum + shares[2].sum, mean.sum.item<double>(), 1e-5);
  EXPECT_TRUE(all_close(shares[0].gradient + shares[2].gradient, whole.grad(), 1e-5, 1e-6));
  EXPECT_NE(shares[0].sum, spread_loss(rows_of(0, 3, features), 2).sum.item<double>());  // other ranks' are nearer
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

TEST(SinkhornTargets, LeaveInvalidRowsOut) {
  torch::manual_seed(6);
  const auto logits = torch::randn({10, 4});
  auto changed = logits.clone();
  changed[3] += 100;
  auto valid = torch::ones({10}, torch::kBool);
  valid[3] = false;
  const auto targets = sinkhorn_targets(logits, 0.1, valid);
  EXPECT_TRUE(torch::equal(sinkhorn_targets(changed, 0.1, valid), targets));
  EXPECT_EQ(targets[3].sum().item<float>(), 0);
  EXPECT_FALSE(all_close(sinkhorn_targets(changed, 0.1), sinkhorn_targets(logits, 0.1), 1e-2, 1e-2));
}

TEST(Contrast, ViewsWithoutSharedGroundHaveNoPixelOrObjectLoss) {
  const auto map = [] { return SourceMap{torch::randn({1, 1, 2, 2, 8}), torch::ones({1, 1, 2, 2}, torch::kBool)}; };
  const auto box = [](double x) {
    return ViewGeometry{torch::tensor({{x, 0.0, 4.0, 4.0}}, torch::kDouble), torch::zeros({1}, torch::kLong)};
  };
  LearningHead head(8, kParityHead);
  Centres centres;
  const std::vector<SourceMap> maps = {map(), map()};
  const LearningStep step{{}, 0.05, kAlone};
  const auto apart = contrast(maps, maps, {box(0), box(100)}, centres.of(head, head), step);
  EXPECT_EQ(apart.pixel->loss.value().item<double>(), 0);
  EXPECT_EQ(apart.object->loss.value().item<double>(), 0);
  EXPECT_EQ(apart.object->loss.count.item<double>(), 0);
  const auto near = contrast(maps, maps, {box(0), box(1)}, centres.of(head, head), step);
  EXPECT_GT(near.pixel->loss.value().item<double>(), 0);
  EXPECT_GT(near.object->loss.value().item<double>(), 0);
}

TEST(Contrast, MaskedCellsChangeNothing) {
  torch::manual_seed(1);
  LearningHead head(8, kParityHead);
  auto valid = torch::ones({1, 1, 2, 2}, torch::kBool);
  valid[0][0][1][1] = false;
  const auto features = torch::randn({1, 1, 2, 2, 8});
  auto changed = features.clone();
  changed[0][0][1][1] += 100;
  const ViewGeometry geometry{torch::tensor({{0.0, 0.0, 4.0, 4.0}}, torch::kDouble), torch::zeros({1}, torch::kLong)};
  const auto losses = [&](const torch::Tensor& map, bool masked) {
    Centres centres;
    const std::vector<SourceMap> maps(2, SourceMap{map, masked ? valid : torch::ones_like(valid)});
    const auto found = contrast(maps, maps, {geometry, geometry}, centres.of(head, head), {{}, 0.05, kAlone});
    return torch::stack({found.image->loss.value(), found.pixel->loss.value(), found.object->loss.value()});
  };
  EXPECT_TRUE(all_close(losses(features, true), losses(changed, true), 1e-5, 1e-5));
  EXPECT_GT((losses(features, false) - losses(changed, false)).abs().min().item<double>(), 1e-3);
}

TEST(TargetHealth, IsTheEntropyAndUseOfTheValidTargets) {
  torch::manual_seed(2);
  LearningHead head(8, kParityHead);
  Centre centre(12, torch::kCPU);
  TargetHealth health;
  auto valid = torch::ones({6}, torch::kBool);
  valid[5] = false;
  const auto targets = teacher_targets(torch::randn({6, 8}), valid, {head, head, &centre}, {{}, 0.05, kAlone}, health);
  const auto taken = targets.narrow(0, 0, 5);
  EXPECT_TRUE(all_close(health.entropy.value(), -(taken * taken.log()).sum(-1).mean(), 1e-5, 1e-6));
  EXPECT_TRUE(all_close(health.usage.value(), taken.mean(0), 1e-5, 1e-7));
  EXPECT_EQ(targets[5].sum().item<float>(), 0);
}

TEST(Centre, MovesTowardsTheMeanOfWhatItSaw) {
  Centre centre = centre_of(torch::zeros({2}));
  centre.observe(torch::tensor({{1.f, 2.f}, {3.f, 4.f}}), torch::ones({2}, torch::kBool));
  centre.observe(torch::tensor({{5.f, 6.f}, {77.f, 77.f}}), torch::tensor({true, false}));
  centre.update(0.9);
  EXPECT_TRUE(all_close(centre.value(), torch::tensor({0.3f, 0.4f})));
  centre.update(0.9);  // nothing observed since: it stays
  EXPECT_TRUE(all_close(centre.value(), torch::tensor({0.3f, 0.4f})));
  centre.observe(torch::tensor({{100.f, 100.f}}), torch::ones({1}, torch::kBool));
  centre.forget();  // a step left out
  centre.update(0.0);
  EXPECT_TRUE(all_close(centre.value(), torch::tensor({0.3f, 0.4f})));
}

TEST(Centre, SumsInFullPrecisionWhateverTheMatricesAreIn) {
  torch::manual_seed(3);
  const auto logits = torch::randn({500, 4}) + 1;
  Centre centre(4, torch::kCPU);
  const AutocastScope bfloat16(torch::kCPU, torch::kBFloat16);
  centre.observe(logits, torch::ones({500}, torch::kBool));
  centre.update(0);
  EXPECT_TRUE(all_close(centre.value(), logits.mean(0), 1e-5, 1e-6));
}

/// Two ranks that saw the same.
struct Twins : Ranks {
  int64_t size() const override { return 2; }
  torch::Tensor sum(const torch::Tensor& own) const override { return 2 * own; }
};

TEST(Centre, CountsTheRowsOfAllRanks) {
  Centre alone = centre_of(torch::zeros({2})), together = centre_of(torch::zeros({2}));
  for (Centre* centre : {&alone, &together}) {
    centre->observe(torch::tensor({{1.f, 2.f}, {3.f, 4.f}}), torch::ones({2}, torch::kBool));
  }
  alone.update(0.5);
  together.update(0.5, Twins());
  EXPECT_TRUE(all_close(alone.value(), together.value()));
}

}  // namespace
}  // namespace skysense
