#include "eval/metrics.h"

#include <gtest/gtest.h>

#include "testing/all_close.h"
#include "testing/fixture.h"

namespace skysense {
namespace {

using testing::Fixture;

constexpr double kTolerance = 1e-12;

double value(const torch::Tensor& tensor) { return tensor.item<double>(); }

TEST(MetricsParity, EqualsScikitLearnAlsoOnDegenerateInputs) {
  for (const char* name : {"metrics_random", "metrics_absent_classes", "metrics_one_class", "metrics_all_wrong"}) {
    SCOPED_TRACE(name);
    const Fixture fixture(name);
    const auto expected = fixture["confusion"];
    const auto confusion = confusion_matrix(fixture["truth"], fixture["predicted"], expected.size(0));
    EXPECT_TRUE(torch::equal(confusion, expected));
    const ClassificationScores scores = scores_of(confusion);
    EXPECT_NEAR(scores.overall_accuracy, value(fixture["overall_accuracy"]), kTolerance);
    EXPECT_NEAR(scores.mean_class_accuracy, value(fixture["mean_class_accuracy"]), kTolerance);
    EXPECT_NEAR(scores.macro_f1, value(fixture["macro_f1"]), kTolerance);
    std::vector<double> recall;
    for (size_t k = 0; k < scores.classes.size(); ++k) {
      const ClassScores& one = scores.classes[k];
      const auto row = static_cast<int64_t>(k);
      EXPECT_EQ(one.samples, fixture["samples"][row].item<int64_t>());
      EXPECT_NEAR(one.precision, value(fixture["precision"][row]), kTolerance);
      EXPECT_NEAR(one.f1, value(fixture["f1"][row]), kTolerance);
      if (one.accuracy) recall.push_back(*one.accuracy);
    }
    EXPECT_TRUE(testing::all_close(torch::tensor(recall, torch::kFloat64), fixture["recall"]));
  }
}

TEST(MetricsParity, PairedComparisonEqualsSamplesStandardErrorAndScipysBinomialTest) {
  const Fixture fixture("metrics_paired");
  for (int64_t row = 0; row < 3; ++row) {
    const PairedComparison comparison = compare_paired(fixture["first"][row], fixture["second"][row]);
    const auto expected = fixture["expected"][row];
    EXPECT_NEAR(comparison.difference, value(expected[0]), kTolerance);
    EXPECT_NEAR(comparison.standard_error, value(expected[1]), kTolerance);
    EXPECT_NEAR(comparison.p_value, value(expected[2]), 1e-9);
  }
}

TEST(Metrics, StandardErrorIsTheBinomialOne) {
  const auto confusion = torch::tensor({{30, 10}, {10, 50}}, torch::kInt64);
  EXPECT_NEAR(scores_of(confusion).standard_error, 0.04, kTolerance);  // sqrt(0.8 * 0.2 / 100)
}

TEST(Metrics, NoSamplesGiveZerosAndNoAccuracyOfAClass) {
  const auto none = torch::empty({0}, torch::kInt64);
  const ClassificationScores scores = scores_of(confusion_matrix(none, none, 2));
  EXPECT_EQ(scores.overall_accuracy, 0);
  EXPECT_EQ(scores.standard_error, 0);
  EXPECT_FALSE(scores.classes[1].accuracy.has_value());
}

TEST(Metrics, AgreeingClassifiersDoNotDiffer) {
  const auto answers = torch::tensor({true, false, true});
  const PairedComparison comparison = compare_paired(answers, answers);
  EXPECT_EQ(comparison.difference, 0);
  EXPECT_EQ(comparison.standard_error, 0);
  EXPECT_EQ(comparison.p_value, 1);
}

TEST(Metrics, RefusesClassesOutOfRangeAndUnequalLengths) {
  const auto two = torch::tensor({0, 1}, torch::kInt64), three = torch::tensor({0, 1, 2}, torch::kInt64);
  EXPECT_THROW(confusion_matrix(two, three, 3), c10::ValueError);
  EXPECT_THROW(confusion_matrix(three, three, 2), c10::ValueError);
  EXPECT_THROW(confusion_matrix(two - 1, two, 2), c10::ValueError);
  EXPECT_THROW(compare_paired(torch::ones({2}, torch::kBool), torch::ones({3}, torch::kBool)), c10::ValueError);
}

}  // namespace
}  // namespace skysense
