#include "pretrain/loss_report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "pretrain/collapse_alarm.h"

namespace skysense {
namespace {

Mean mean_of(double sum, double count) { return {torch::tensor(sum), torch::tensor(count)}; }

std::map<std::string, double> by_name(const LogValues& values) { return {values.begin(), values.end()}; }

TEST(LossReport, WeighsMeansAndReportsThemUnweighted) {
  LossTerms terms(torch::kCPU);
  terms.add("a", 2, mean_of(6, 3));
  terms.add("b", 1, std::nullopt);
  terms.add("c", 0.5, mean_of(8, 2));
  const LossReport report = terms.report(Ranks());
  EXPECT_NEAR(report.total.item<double>(), 2 * 2 + 0.5 * 4, 1e-6);
  StepReport step;
  step.add(report);
  EXPECT_EQ(by_name(step.values()), (std::map<std::string, double>{{"a", 2}, {"c", 4}}));
}

TEST(LossReport, MicroBatchesAreJoinedByTheirCounts) {
  StepReport step;
  for (const auto& [sum, count] : {std::pair(10.0, 1.0), std::pair(2.0, 3.0)}) {
    LossTerms terms(torch::kCPU);
    terms.add("a", 1, mean_of(sum, count));
    step.add(terms.report(Ranks()));
  }
  EXPECT_EQ(by_name(step.values()).at("a"), 3);
}

/// This rank of two, the other of which holds what it is told.
struct WithAnother : Ranks {
  explicit WithAnother(double other) : other(other) {}
  int64_t size() const override { return 2; }
  torch::Tensor sum(const torch::Tensor& own) const override { return own + other; }
  const double other;
};

TEST(LossReport, DenominatorsAreThoseOfAllRanks) {
  const auto total = [](double sum, double count, double other_count) {
    LossTerms terms(torch::kCPU);
    terms.add("a", 1, mean_of(sum, count));
    return terms.report(WithAnother(other_count)).total.item<double>();
  };
  // Averaged over the ranks, as their gradients are, it is the mean over all rows.
  EXPECT_NEAR((total(6, 1, 3) + total(2, 3, 1)) / 2, (6 + 2) / 4.0, 1e-6);
}

TEST(LossReport, TellsHowUnevenlyOutputsAreUsed) {
  LossTerms terms(torch::kCPU);
  const auto usage = [](std::vector<float> sums, float count) {
    return TargetHealth{mean_of(1, 2), {torch::tensor(sums), torch::tensor(count)}};
  };
  terms.add("even", 1, LearningTerm{mean_of(1, 1), usage({2, 2, 2, 2}, 8)});
  terms.add("one", 1, LearningTerm{mean_of(1, 1), usage({8, 0, 0, 0}, 8)});
  StepReport step;
  step.add(terms.report(Ranks()));
  const auto values = by_name(step.values());
  EXPECT_NEAR(values.at("kl.even"), 0, 1e-6);
  EXPECT_NEAR(values.at("kl.one"), std::log(4.0), 1e-6);
  EXPECT_NEAR(values.at("entropy.one"), 0.5, 1e-6);
}

TEST(CollapseAlarm, RingsForTargetsThatSayNothingForAWhile) {
  CollapseAlarm alarm(1024, 3);
  const double most = std::log(1024.0);
  const auto values = [&](double entropy, double kl) {
    return LogValues{{"loss", 0}, {"entropy.hr.image", entropy * most}, {"kl.hr.image", kl * most}};
  };
  // The same targets for all samples: one output, every output, a few outputs.
  for (const auto& [entropy, kl] : {std::pair(0.001, 0.995), {0.995, 0.001}, {0.4, 0.597}}) {
    EXPECT_EQ(alarm.observe(1, values(0.3, 0.2)), 0);
    EXPECT_EQ(alarm.observe(2, values(entropy, kl)), 0);
    EXPECT_EQ(alarm.observe(3, values(entropy, kl)), 0);
    EXPECT_EQ(alarm.observe(4, values(entropy, kl)), 1);
    EXPECT_EQ(alarm.observe(5, values(entropy, kl)), 1);
    EXPECT_EQ(alarm.observe(6, values(0.3, 0.2)), 0);
  }
  // Sharp targets of many kinds are what a head should learn.
  for (int64_t step = 7; step < 12; ++step) EXPECT_EQ(alarm.observe(step, values(0.01, 0.1)), 0);
}

}  // namespace
}  // namespace skysense
