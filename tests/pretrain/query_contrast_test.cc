#include "pretrain/query_contrast.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "parity_heads.h"
#include "testing/all_close.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::centre_of;
using testing::Fixture;
using testing::head_of;
using testing::load_parameters;
using testing::relative_l2_within;

constexpr int64_t kDim = 128, kQueries = 5;
constexpr int kViews = 5;
constexpr size_t kGlobals = 2;
const Ranks kAlone;

QueryAggregation queries_of(const Fixture& fixture, const std::string& prefix) {
  QueryAggregation queries(kDim, kQueries, 4);
  load_parameters(*queries, fixture, prefix);
  return queries;
}

std::vector<SourceMap> maps_of(const Fixture& fixture, const std::string& branch) {
  std::vector<SourceMap> maps;
  for (int v = 0; v < kViews; ++v) {
    maps.push_back({fixture[fmt::format("{}.{}", branch, v)], fixture[fmt::format("valid.{}", v)]});
  }
  return maps;
}

// python/parity/query_aggregation.py: torch.nn.TransformerDecoderLayer; fp32, relative L2 of 1e-5; the queries'
// gradients also one by one, 1e-4 and 1e-6.
TEST(QueryContrastParity, LossAndGradientsEqualTheReference) {
  const Fixture fixture("query_contrast");
  auto student = queries_of(fixture, "student_queries."), teacher = queries_of(fixture, "teacher_queries.");
  LearningHead student_head = head_of(fixture, "student_head.", kDim),
               teacher_head = head_of(fixture, "teacher_head.", kDim);
  Centre centre = centre_of(fixture["centre"]);
  auto maps = maps_of(fixture, "student");
  for (auto& map : maps) map.features.requires_grad_();
  const auto mine = aggregate(student, maps, kGlobals);
  EXPECT_TRUE(relative_l2_within(mine.global, fixture["z_g"], 1e-5));
  AggregatedViews theirs;
  {
    const torch::NoGradGuard no_grad;
    theirs = aggregate(teacher, maps_of(fixture, "teacher"), kGlobals);
  }
  const auto term = query_loss(mine, theirs, {student_head, teacher_head, &centre}, {{}, 0.05, kAlone});
  EXPECT_TRUE(all_close(term.loss.value(), fixture["loss"][0], 1e-5, 1e-5));
  EXPECT_EQ(term.loss.count.item<int64_t>(), 2 * 2 * kQueries);  // two of three places have valid local views
  term.loss.value().backward();
  for (int v = 0; v < kViews; ++v) {
    EXPECT_TRUE(relative_l2_within(maps[v].features.grad(), fixture[fmt::format("gradient.{}", v)], 1e-5)) << v;
  }
  for (auto& [name, gradient] : fixture.with_prefix("queries_gradient.")) {
    const auto own = student->named_parameters()[name].grad();
    EXPECT_TRUE(relative_l2_within(own, gradient, 1e-5)) << name;
    // Against the largest of the tensor: the keys' bias shifts all scores of a query alike, and its gradient is zero
    // but for rounding.
    EXPECT_TRUE(all_close(own, gradient, 0, 1e-5 * gradient.abs().max().item<double>())) << name;
  }
  for (auto& [name, gradient] : fixture.with_prefix("head_gradient.")) {
    EXPECT_TRUE(relative_l2_within(student_head->named_parameters()[name].grad(), gradient, 1e-5)) << name;
  }
}

// python/parity/query_aggregation.py, fp32, 1e-5.
TEST(QueryAggregationParity, AttentionEqualsTheReference) {
  const Fixture fixture("query_contrast");
  auto student = queries_of(fixture, "student_queries.");
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> cells, usable;
  for (size_t v = 0; v < kGlobals; ++v) {
    const auto map = maps_of(fixture, "student")[v];
    cells.push_back(map.features.flatten(1, 3));
    usable.push_back(map.valid.flatten(1));
  }
  torch::Tensor attention;
  const auto gathered = student(torch::cat(cells, 1), torch::cat(usable, 1), &attention);
  EXPECT_TRUE(all_close(attention, fixture["attention"], 1e-5, 1e-6));
  EXPECT_TRUE(all_close(gathered, student(torch::cat(cells, 1), torch::cat(usable, 1)), 1e-5, 1e-5));
}

TEST(QueryAggregation, MaskedCellsChangeNothing) {
  torch::manual_seed(7);
  const torch::NoGradGuard no_grad;
  QueryAggregation queries(64, 3, 2);
  for (auto& parameter : queries->parameters()) parameter.normal_(0, 0.3);
  const auto cells = torch::randn({2, 6, 64});
  auto changed = cells.clone();
  changed[0][4] += 10;
  auto usable = torch::ones({2, 6}, torch::kBool);
  EXPECT_FALSE(all_close(queries(cells, usable), queries(changed, usable), 1e-2, 1e-2));
  usable[0][4] = false;
  EXPECT_TRUE(all_close(queries(cells, usable), queries(changed, usable), 1e-6, 1e-6));
  usable[0].fill_(false);
  EXPECT_TRUE(queries(cells, usable).isfinite().all().item<bool>());
}

TEST(QueryContrast, ComparesTheStudentsGlobalsWithTheTeachersLocals) {
  torch::manual_seed(8);
  LearningHead head(8, testing::kParityHead);
  for (auto& parameter : head->parameters()) {
    const torch::NoGradGuard no_grad;
    parameter.normal_(0, 0.6);
  }
  const auto valid = torch::ones({1}, torch::kBool);
  const auto a = torch::randn({1, 3, 8}), b = torch::randn({1, 3, 8});
  const auto loss = [&](const torch::Tensor& global, const torch::Tensor& local) {
    Centre centre(12, torch::kCPU);
    const auto term = query_loss({a, b, valid}, {global, local, valid}, {head, head, &centre}, {{}, 0.05, kAlone});
    return term.loss.value().item<double>();
  };
  EXPECT_LT(loss(/*global=*/b, /*local=*/a) + 0.1, loss(/*global=*/a, /*local=*/b));
}

TEST(QueryContrast, APlaceWithoutLocalCellsDoesNotCount) {
  torch::manual_seed(9);
  LearningHead head(8, testing::kParityHead);
  Centre centre(12, torch::kCPU);
  const auto z = [] { return torch::randn({2, 3, 8}); };
  const auto one = torch::tensor({true, false}), none = torch::tensor({false, false});
  const AggregatedViews mine{z(), z(), one}, theirs{z(), z(), one}, empty{z(), z(), none};
  EXPECT_EQ(query_loss(mine, theirs, {head, head, &centre}, {{}, 0.05, kAlone}).loss.count.item<int64_t>(), 6);
  EXPECT_EQ(query_loss(empty, empty, {head, head, &centre}, {{}, 0.05, kAlone}).loss.value().item<double>(), 0);
}

}  // namespace
}  // namespace skysense
