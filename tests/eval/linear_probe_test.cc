#include "eval/linear_probe.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include "testing/all_close.h"
#include "testing/fixture.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::Fixture;

double value(const torch::Tensor& tensor) { return tensor.item<double>(); }

TEST(LinearProbeParity, ReachesScikitLearnsMinimumAndAccuracy) {
  for (const char* name : {"logistic_weak", "logistic_strong"}) {
    SCOPED_TRACE(name);
    const Fixture fixture(name);
    const double l2 = value(fixture["l2"]);
    const LinearProbe probe = fit_linear_probe(fixture["train_features"], fixture["train_classes"], 5, {.l2 = {l2}});
    EXPECT_NEAR(probe.loss, value(fixture["loss"]), 1e-4);
    EXPECT_NEAR(probe.loss + l2 / 2 * value(probe.weight.square().sum()), value(fixture["objective"]), 1e-6);
    EXPECT_TRUE(all_close(probe.weight, fixture["weight"], 0, 2e-3));
    const auto right = probe.predict(fixture["test_features"]) == fixture["test_classes"];
    EXPECT_NEAR(value(right.to(torch::kFloat64).mean()), value(fixture["accuracy"]),
                1.0 / 300 + 1e-9);  // one sample of 300
  }
}

TEST(LinearProbe, SeparatesLinearClustersAndIsTheSameEveryTime) {
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(2);
  const auto classes = torch::arange(120).remainder(4);
  const auto features = torch::eye(4).index({classes}) * 5 + torch::randn({120, 4}, generator) * 0.5;
  const LinearProbe probe = fit_linear_probe(features, classes, 4);
  EXPECT_TRUE(torch::equal(probe.predict(features), classes));
  EXPECT_TRUE(torch::equal(probe.weight, fit_linear_probe(features, classes, 4).weight));
}

TEST(LinearProbe, ChoosesAStrongerPenaltyWhereFeaturesAreNoise) {
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(5);
  const auto classes = torch::arange(100).remainder(2);
  auto noise = torch::randn({100, 200}, generator);
  // One useful feature among two hundred: a weak penalty fits the noise.
  noise.select(1, 0) = classes.to(torch::kFloat32) * 2 + torch::randn({100}, generator);
  const LinearProbe probe = fit_linear_probe(noise, classes, 2, {.l2 = {1e-5, 1.0}});
  EXPECT_EQ(probe.l2, 1.0);
}

TEST(LinearProbe, TakesOneClassFewSamplesAndConstantFeatures) {
  const auto features = torch::tensor({{1.0, 5.0}, {2.0, 5.0}, {3.0, 5.0}});
  const LinearProbe one = fit_linear_probe(features, torch::zeros({3}, torch::kInt64), 1);
  EXPECT_EQ(one.predict(features).sum().item<int64_t>(), 0);
  const LinearProbe few = fit_linear_probe(features, torch::tensor({0, 0, 1}, torch::kInt64), 2);
  EXPECT_TRUE(torch::isfinite(few.weight).all().item<bool>());
  EXPECT_EQ(few.weight.select(1, 1).abs().max().item<double>(), 0);
}

TEST(LinearProbe, RefusesWhatDoesNotFit) {
  const auto features = torch::ones({2, 2});
  EXPECT_THROW(fit_linear_probe(features, torch::tensor({0, 2}, torch::kInt64), 2), c10::ValueError);
  EXPECT_THROW(fit_linear_probe(features * NAN, torch::tensor({0, 1}, torch::kInt64), 2), c10::ValueError);
  EXPECT_THROW(fit_linear_probe(features, torch::tensor({0, 1}, torch::kInt64), 2, {.l2 = {0}}), c10::ValueError);
}

}  // namespace
}  // namespace skysense
