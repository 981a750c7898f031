#include "pretrain/ita.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "parity_heads.h"
#include "testing/all_close.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::Fixture;
using testing::load_parameters;

// python/parity/ita.py, fp32, 1e-5.
TEST(ItaParity, LossAndGradientsEqualTheReference) {
  const Fixture fixture("ita");
  TextAlignment alignment(8, fixture["texts"], AlignmentOptions{});
  load_parameters(*alignment, fixture, "alignment.");
  std::vector<SourceMap> views;
  std::vector<torch::Tensor> labels;
  for (int v = 0; v < 2; ++v) {
    views.push_back({fixture[fmt::format("features.{}", v)].requires_grad_(), fixture[fmt::format("valid.{}", v)]});
    labels.push_back(fixture[fmt::format("labels.{}", v)]);
  }
  const Mean loss = alignment_loss(alignment, views, labels);
  EXPECT_EQ(loss.count.item<int64_t>(), fixture["cells"].item<int64_t>());
  EXPECT_TRUE(all_close(loss.value(), fixture["loss"][0], 1e-5, 1e-5));
  loss.value().backward();
  for (int v = 0; v < 2; ++v) {
    EXPECT_TRUE(all_close(views[v].features.grad(), fixture[fmt::format("gradient.{}", v)], 1e-5, 1e-6)) << v;
  }
  for (auto& [name, gradient] : fixture.with_prefix("projection_gradient.")) {
    EXPECT_TRUE(all_close(alignment->named_parameters()["projection." + name].grad(), gradient, 1e-5, 1e-6)) << name;
  }
}

TEST(Ita, UnlabelledAndInvalidCellsDoNotCount) {
  torch::manual_seed(1);
  TextAlignment alignment(8, torch::eye(4).narrow(0, 0, 3), AlignmentOptions{});
  const SourceMap view{torch::randn({1, 2, 2, 2, 8}, torch::requires_grad()), torch::ones({1, 2, 2, 2}, torch::kBool)};
  const auto unlabelled = torch::full({1, 2, 2}, -1, torch::kLong);
  const Mean none = alignment_loss(alignment, {view}, {unlabelled});
  EXPECT_EQ(none.count.item<int64_t>(), 0);
  EXPECT_EQ(none.value().item<double>(), 0);
  none.value().backward();
  EXPECT_EQ(view.features.grad().abs().sum().item<double>(), 0);

  auto labels = unlabelled.clone();
  labels[0][1][0] = 2;
  labels[0][0][1] = 1;
  EXPECT_EQ(alignment_loss(alignment, {view}, {labels}).count.item<int64_t>(), 2);
  view.valid.select(2, 1).select(2, 0).fill_(false);  // no date shows the cell
  EXPECT_EQ(alignment_loss(alignment, {view}, {labels}).count.item<int64_t>(), 1);
}

TEST(Ita, TheTextsStayAndTheLayerLearnsThem) {
  torch::manual_seed(2);
  TextAlignment alignment(8, torch::eye(6).narrow(0, 0, 4), AlignmentOptions{});
  const SourceMap view{torch::randn({1, 1, 2, 2, 8}), torch::ones({1, 1, 2, 2}, torch::kBool)};
  const auto labels = torch::arange(4, torch::kLong).view({1, 2, 2});
  EXPECT_EQ(alignment->parameters().size(), 2u);
  EXPECT_TRUE(alignment->buffers().empty());
  for (int step = 0; step < 300; ++step) {
    alignment->zero_grad();
    alignment_loss(alignment, {view}, {labels}).value().backward();
    const torch::NoGradGuard no_grad;
    for (auto& parameter : alignment->parameters()) parameter.sub_(0.1 * parameter.grad());
  }
  const torch::NoGradGuard no_grad;
  EXPECT_TRUE(torch::equal(alignment(view.features.reshape({-1, 8})).argmax(-1), torch::arange(4, torch::kLong)));
}

}  // namespace
}  // namespace skysense
