#include "pretrain/learning_head.h"

#include <gtest/gtest.h>

#include "pretrain/image_level.h"
#include "testing/all_close.h"

namespace skysense {
namespace {

using testing::all_close;

/// Codes of a head that is made for them: with unit rows of the last layer equal to the axes, logits are the codes.
LearningHead head_of_codes() {
  torch::manual_seed(3);
  LearningHead head(8, LearningHeadSizes{.hidden = 32, .bottleneck = 6, .outputs = 6});
  const torch::NoGradGuard no_grad;
  head->named_parameters()["last_weight"].copy_(torch::eye(6));
  return head;
}

/// The mean similarity of two different rows of unit length.
double mean_similarity(const torch::Tensor& codes) {
  const auto all = torch::matmul(codes, codes.t());
  const auto rows = static_cast<double>(codes.size(0));
  return (all.sum().item<double>() - rows) / (rows * (rows - 1));
}

TEST(LearningHead, FittedToFeaturesItTellsThemApart) {
  const torch::NoGradGuard no_grad;
  torch::manual_seed(4);
  // A new network's features: mostly what all images share.
  const auto features = torch::randn({1, 8}) + 0.01 * torch::randn({64, 8});
  LearningHead head = head_of_codes();
  EXPECT_GT(mean_similarity(head(features)), 0.99);
  head->fit(features);
  EXPECT_LT(mean_similarity(head(features)), 0.2);
}

TEST(LearningHead, FittingStandardisesItsFirstLayer) {
  const torch::NoGradGuard no_grad;
  const auto features = torch::rand({50, 8}) * 3 + 7;
  LearningHead head = head_of_codes();
  head->fit(features);
  const auto named = head->named_parameters();
  const auto outputs = torch::nn::functional::linear(features, named["layer1.weight"], named["layer1.bias"]);
  EXPECT_TRUE(all_close(outputs.mean(0), torch::zeros({32}), 0, 1e-4));
  EXPECT_TRUE(all_close(outputs.std(0, false), torch::ones({32}), 1e-4, 0));
  EXPECT_THROW(head->fit(features.narrow(0, 0, 1)), c10::ValueError);
}

TEST(LearningHead, FittingLeavesTheWeightsOfConstantUnits) {
  const torch::NoGradGuard no_grad;
  LearningHead head = head_of_codes();
  const auto weights = head->named_parameters()["layer1.weight"].clone();
  head->fit(torch::rand({1, 8}).expand({20, 8}));
  EXPECT_TRUE(all_close(head->named_parameters()["layer1.weight"], weights, 0, 0));
}

TEST(PooledRows, AreMeansOverValidCellsOfImagesThatHaveAny) {
  auto features = torch::arange(2 * 1 * 2 * 2 * 3, torch::kFloat).view({2, 1, 2, 2, 3});
  auto valid = torch::ones({2, 1, 2, 2}, torch::kBool);
  valid[0][0][0] = false;  // the second row of cells is left
  const SourceMap first{features, valid}, none{features, torch::zeros_like(valid)};
  const auto rows = pooled_rows({first, none});
  ASSERT_EQ(rows.sizes(), torch::IntArrayRef({2, 3}));
  EXPECT_TRUE(all_close(rows[0], features[0][0][1].mean(0), 1e-6, 0));
  EXPECT_TRUE(all_close(rows[1], features[1][0].flatten(0, 1).mean(0), 1e-6, 0));
}

}  // namespace
}  // namespace skysense
