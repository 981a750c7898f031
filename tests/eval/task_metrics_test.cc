#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "eval/average_precision.h"
#include "eval/bootstrap.h"
#include "eval/metrics.h"
#include "eval/score_table.h"
#include "eval/semantic_change.h"
#include "eval/top_k.h"
#include "testing/fixture.h"

namespace skysense {
namespace {

using testing::Fixture;

constexpr double kTolerance = 1e-12;

double value(const torch::Tensor& tensor) { return tensor.item<double>(); }

std::span<const int64_t> span_of(const torch::Tensor& tensor) {
  return {tensor.const_data_ptr<int64_t>(), static_cast<size_t>(tensor.numel())};
}

TEST(TaskMetricsParity, SegmentationEqualsScikitLearnAlsoOnDegenerateInputs) {
  for (const char* name : {"segmentation_random", "segmentation_ignoring", "segmentation_absent",
                           "segmentation_all_ignored", "segmentation_one_class"}) {
    SCOPED_TRACE(name);
    const Fixture fixture(name);
    const auto truth = fixture["truth"], predicted = fixture["predicted"], iou = fixture["iou"];
    Confusion confusion(iou.size(0)), by_spans(iou.size(0));
    add_pairs(confusion, truth, predicted);
    by_spans.add(span_of(truth), span_of(predicted));
    EXPECT_EQ(confusion.counts(), by_spans.counts());
    const ClassificationScores scores = scores_of(confusion);
    EXPECT_NEAR(scores.mean_iou, value(fixture["mean_iou"]), kTolerance);
    EXPECT_NEAR(scores.macro_f1, value(fixture["macro_f1"]), kTolerance);
    EXPECT_NEAR(scores.overall_accuracy, value(fixture["overall_accuracy"]), kTolerance);
    for (int64_t k = 0; k < iou.size(0); ++k)
      EXPECT_NEAR(scores.classes[static_cast<size_t>(k)].iou.value_or(-1), value(iou[k]), kTolerance);
  }
}

TEST(TaskMetricsParity, ChangeScoresEqualScikitLearns) {
  for (const char* name : {"change_random", "change_none"}) {
    SCOPED_TRACE(name);
    const Fixture fixture(name);
    Confusion confusion(2);
    add_pairs(confusion, fixture["truth"], fixture["predicted"]);
    const BinaryScores scores = binary_scores(confusion);
    const auto expected = fixture["expected"];
    const std::vector<double> found = {scores.precision, scores.recall, scores.f1, scores.iou, scores.overall_accuracy};
    for (int64_t i = 0; i < 5; ++i) EXPECT_NEAR(found[static_cast<size_t>(i)], value(expected[i]), kTolerance);
  }
}

TEST(TaskMetricsParity, TopKEqualsScikitLearnAlsoWithTies) {
  for (const char* name : {"top_k_random", "top_k_ties"}) {
    SCOPED_TRACE(name);
    const Fixture fixture(name);
    TopK top({1, 2, 5});
    top.add(fixture["scores"], fixture["truth"]);
    for (int64_t i = 0; i < 3; ++i)
      EXPECT_NEAR(top.accuracies()[static_cast<size_t>(i)], value(fixture["expected"][i]), kTolerance);
  }
}

TEST(TaskMetricsParity, AveragePrecisionEqualsScikitLearnAlsoWithTiesAndWithoutPositives) {
  for (const char* name : {"ranking_random", "ranking_ties", "ranking_without_positives"}) {
    SCOPED_TRACE(name);
    const Fixture fixture(name);
    const auto expected = fixture["classes"];
    MultiLabelRanking ranking(expected.size(0));
    ranking.add(fixture["scores"], fixture["truth"]);
    const MultiLabelPrecision precision = ranking.precision();
    for (int64_t k = 0; k < expected.size(0); ++k)
      EXPECT_NEAR(precision.classes[static_cast<size_t>(k)].value_or(-1), value(expected[k]), kTolerance);
    EXPECT_NEAR(precision.macro, value(fixture["macro"]), kTolerance);
    EXPECT_NEAR(precision.micro, value(fixture["micro"]), kTolerance);
  }
}

TEST(TaskMetricsParity, SemanticChangeEqualsDynamicEarthNetsFormulas) {
  for (const char* name : {"semantic_change_random", "semantic_change_ignoring", "semantic_change_none"}) {
    SCOPED_TRACE(name);
    const Fixture fixture(name);
    SemanticChange change(5);
    change.add_series(fixture["truth"], fixture["predicted"]);
    const SemanticChangeScores scores = change.scores();
    EXPECT_NEAR(scores.scs, value(fixture["expected"][0]), kTolerance);
    EXPECT_NEAR(scores.binary_change, value(fixture["expected"][1]), kTolerance);
    EXPECT_NEAR(scores.semantic_change, value(fixture["expected"][2]), kTolerance);
  }
}

TEST(TaskMetricsParity, BootstrapOfAMeanAgreesWithScipys) {
  const Fixture fixture("bootstrap_mean");
  const auto values = fixture["values"];
  const auto mean = [&](std::span<const int64_t> drawn) {
    double sum = 0;
    for (int64_t i = 0; i < values.size(0); ++i)
      sum += static_cast<double>(drawn[static_cast<size_t>(i)]) * value(values[i]);
    return sum / static_cast<double>(values.size(0));
  };
  const ConfidenceInterval interval =
      bootstrap(values.size(0), mean, {.resamples = 4000, .confidence = 0.9, .seed = 1});
  // Both are random: a percentile of 4000 draws is known to about 4% of the deviation.
  const double deviation = value(fixture["expected"][2]);
  EXPECT_NEAR(interval.low, value(fixture["expected"][0]), 0.15 * deviation);
  EXPECT_NEAR(interval.high, value(fixture["expected"][1]), 0.15 * deviation);
  EXPECT_NEAR(interval.standard_error, deviation, 0.05 * deviation);
}

TEST(TaskMetrics, PiecesInAnyOrderAndMergedGiveTheScoresOfTheWhole) {
  torch::manual_seed(1);
  const auto truth = torch::randint(-1, 4, {8, 30}, torch::kInt64),
             predicted = torch::randint(0, 4, {8, 30}, torch::kInt64);
  const auto scores = torch::randn({240, 4});
  const auto labels = torch::rand({240, 4}) < 0.3;
  Confusion whole(4), first(4), second(4);
  TopK top_whole({1, 2}), top_first({1, 2}), top_second({1, 2});
  MultiLabelRanking rank_whole(4), rank_first(4), rank_second(4);
  SemanticChange change_whole(4), change_first(4), change_second(4);
  add_pairs(whole, truth, predicted);
  top_whole.add(scores, truth.flatten());
  rank_whole.add(scores, labels);
  for (int64_t row = 7; row >= 0; --row) {
    const bool odd = row % 2 == 1;
    const auto rows = torch::indexing::Slice(30 * row, 30 * (row + 1));
    add_pairs(odd ? first : second, truth[row], predicted[row]);
    (odd ? top_first : top_second).add(scores.index({rows}), truth[row]);
    (odd ? rank_first : rank_second).add(scores.index({rows}), labels.index({rows}));
    const auto next = (row + 1) % 8;
    change_whole.add(truth[row], truth[next], predicted[row], predicted[next]);
    (odd ? change_first : change_second).add(truth[row], truth[next], predicted[row], predicted[next]);
  }
  first.merge(second);
  top_first.merge(top_second);
  rank_first.merge(rank_second);
  change_first.merge(change_second);
  EXPECT_EQ(first.counts(), whole.counts());
  EXPECT_EQ(top_first.accuracies(), top_whole.accuracies());
  EXPECT_EQ(top_first.samples(), (truth != kIgnored).sum().item<int64_t>());
  EXPECT_NEAR(rank_first.precision().macro, rank_whole.precision().macro, kTolerance);
  EXPECT_EQ(change_first.scores().scs, change_whole.scores().scs);
  EXPECT_GT(change_whole.scores().scs, 0);
}

TEST(TaskMetrics, BootstrapFollowsItsSeedAndWidensWithFewerImages) {
  std::vector<Confusion> images;
  for (int64_t i = 0; i < 40; ++i) {
    images.emplace_back(2);
    images.back().add_counts(std::vector<int64_t>{i % 7, 1, 1, i % 5});
  }
  const auto accuracy = [](const Confusion& sum) { return scores_of(sum).overall_accuracy; };
  const std::span<const Confusion> all(images);
  const auto many = bootstrap(all, accuracy), again = bootstrap(all, accuracy), few = bootstrap(all.first(8), accuracy);
  EXPECT_EQ(many.low, again.low);
  EXPECT_NE(many.low, bootstrap(all, accuracy, {.seed = 1}).low);
  EXPECT_GT(few.high - few.low, 1.5 * (many.high - many.low));
  Confusion sum(2);
  for (const Confusion& image : images) sum.merge(image);
  EXPECT_GT(accuracy(sum), many.low);
  EXPECT_LT(accuracy(sum), many.high);
}

TEST(TaskMetrics, TheTableHasALineAClassAndNoNumbersWhereThereAreNone) {
  Confusion confusion(3);
  confusion.add_counts(std::vector<int64_t>{3, 1, 0, 0, 4, 0, 0, 0, 0});
  const std::string table = class_table(scores_of(confusion), {"water", "field"});
  EXPECT_NE(table.find("water            4    75.00    100.00   85.71   75.00"), std::string::npos) << table;
  EXPECT_NE(table.find("2                0        -      0.00    0.00       -"), std::string::npos) << table;
  EXPECT_NE(table.find("OA 87.50"), std::string::npos) << table;
  const auto json = scores_to_json(scores_of(confusion), {"water", "field"});
  EXPECT_TRUE(json.at("per_class").at(2).at("iou").is_null());
  EXPECT_EQ(json.at("per_class").at(0).at("iou"), 0.75);
}

TEST(TaskMetrics, RefuseWhatTheyCannotCount) {
  Confusion confusion(2);
  const std::vector<int64_t> two = {0, 1}, out = {0, 2}, negative = {-2, 0};
  EXPECT_THROW(confusion.add(out, two), c10::ValueError);
  EXPECT_THROW(confusion.add(two, out), c10::ValueError);
  EXPECT_THROW(confusion.add(negative, two), c10::ValueError);
  EXPECT_THROW(confusion.add(two, std::span(two).first(1)), c10::ValueError);
  EXPECT_EQ(confusion.total(), 0) << "a refused piece leaves nothing behind";
  EXPECT_THROW(confusion.merge(Confusion(3)), c10::ValueError);
  EXPECT_THROW(binary_scores(confusion, 2), c10::ValueError);
  const auto nan = torch::full({1, 2}, std::nan(""));
  EXPECT_THROW(TopK().add(nan, torch::zeros({1}, torch::kInt64)), c10::ValueError);
  EXPECT_THROW(MultiLabelRanking(2).add(nan, torch::zeros({1, 2}, torch::kBool)), c10::ValueError);
  EXPECT_THROW(TopK().merge(TopK({1})), c10::ValueError);
  EXPECT_THROW(bootstrap(0, [](std::span<const int64_t>) { return 0.0; }), c10::ValueError);
}

}  // namespace
}  // namespace skysense
