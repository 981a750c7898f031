#include "model/moe.h"

#include <gmock/gmock.h>

#include <set>

#include "model/backbone.h"
#include "model/mlp.h"
#include "testing/fixture.h"
#include "tests/model/reference.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::random_tensor;
using testing::relative_l2_within;

constexpr double kTolerance = 1e-5;  // float32, relative L2

void expect_equals_loop(const std::string& fixture_name, int64_t top_k) {
  const testing::Fixture fixture(fixture_name);
  Moe moe(MixtureOptions{.dim = 32, .hidden = 128, .experts = 5, .top_k = top_k});
  testing::load_weights(*moe, fixture.with_prefix("weights."));
  const auto input = fixture["input"].requires_grad_();
  const auto output = moe->forward(input);
  EXPECT_TRUE(relative_l2_within(output.tokens, fixture["output"], kTolerance));
  EXPECT_TRUE(all_close(load_balancing_loss(output.balance), fixture["balance"]));
  ((output.tokens * fixture["probe"]).sum() + 3 * load_balancing_loss(output.balance)).backward();
  EXPECT_TRUE(relative_l2_within(input.grad(), fixture["input_gradient"], kTolerance));
  testing::expect_gradients(*moe, fixture.with_prefix("gradients."), 5 * kTolerance);
}

TEST(MoeParity, EqualsAPlainLoop) { expect_equals_loop("moe_top1", 1); }
TEST(MoeParity, EqualsAPlainLoopWithTwoExpertsAToken) { expect_equals_loop("moe_top2", 2); }

Moe make_moe(int64_t experts, int64_t top_k) {
  Moe moe(MixtureOptions{.dim = 16, .hidden = 32, .experts = experts, .top_k = top_k});
  testing::randomise(*moe);
  return moe;
}

TEST(Moe, NoTokenIsDroppedWhenAllChooseOneExpert) {
  auto moe = make_moe(4, 1);
  const auto token = random_tensor({1, 16});
  const auto together = moe->forward(token.expand({1000, 16})).tokens, alone = moe->forward(token).tokens;
  EXPECT_TRUE(all_close(together, alone.expand({1000, 16}), 1e-5, 1e-6));
  EXPECT_GT(alone.abs().max().item<double>(), 0);
}

TEST(Moe, BalancedLoadCostsOneAndCollapseCostsMore) {
  auto moe = make_moe(4, 1);
  const c10::AutoGradMode no_gradient(false);
  auto gate = moe->named_parameters()["gate.weight"];
  gate.zero_();
  for (int expert = 0; expert < 4; ++expert) gate[expert][expert] = 50;  // token e_i goes to expert i
  const auto balanced = at::eye(16).slice(0, 0, 4);
  EXPECT_NEAR(load_balancing_loss(moe->forward(balanced).balance).item<double>(), 1.0, 1e-5);
  EXPECT_NEAR(load_balancing_loss(moe->forward(balanced[0].expand({4, 16})).balance).item<double>(), 4.0, 1e-4);
}

TEST(Moe, RefusesMoreExpertsATokenThanThereAre) {
  EXPECT_THROW(Moe(MixtureOptions{.dim = 16, .hidden = 32, .experts = 2, .top_k = 3}), c10::ValueError);
}

ModelOptions with_experts() {
  return {.depths = {1, 1, 2, 1}, .position_grid = 4, .moe = {.experts = 3, .top_k = 1, .blocks = {1, 3}}};
}

TEST(KeepSingleExpert, GivesAPlainBackboneWithOneOfTheExpertsInEachBlock) {
  Backbone mixture(with_experts());
  testing::randomise(*mixture);
  auto options = with_experts();
  options.moe = {};
  Backbone slim(options);
  RandomStream stream(3);
  keep_single_expert(*mixture, *slim, stream);
  const auto kept = slim->named_parameters(), all = mixture->named_parameters();
  for (const std::string block : {"stages.1.blocks.0.mlp.", "stages.2.blocks.1.mlp."}) {
    std::vector<bool> equal;
    for (const char* expert : {"0", "1", "2"}) {
      equal.push_back(at::equal(kept[block + "fc1.weight"], all[block + "experts." + expert + ".fc1.weight"]) &&
                      at::equal(kept[block + "fc2.bias"], all[block + "experts." + expert + ".fc2.bias"]));
    }
    EXPECT_EQ(std::count(equal.begin(), equal.end(), true), 1) << block;
  }
  EXPECT_TRUE(at::equal(kept["stages.3.blocks.0.mlp.fc1.weight"], all["stages.3.blocks.0.mlp.fc1.weight"]));
}

TEST(KeepSingleExpert, RefusesAModelOfOtherSizes) {
  Backbone mixture(with_experts());
  auto options = with_experts();
  options.moe = {};
  options.dim = 64;
  Backbone slim(options);
  RandomStream stream(3);
  EXPECT_THROW(keep_single_expert(*mixture, *slim, stream), c10::ValueError);
}

TEST(Moe, TheBalanceOfTwoProcessesIsThatOfOne) {
  const auto all = at::rand({3, 2, 4}) + 0.1;
  const auto part = all * at::rand({3, 2, 4}), rest = all - part;
  const auto together = load_balancing_loss(all);
  const auto apart = load_balancing_loss(part, all) + load_balancing_loss(rest, all);
  EXPECT_TRUE(all_close(apart, together, 1e-5, 1e-6));
  EXPECT_FALSE(all_close((load_balancing_loss(part) + load_balancing_loss(rest)) / 2, together, 1e-3, 1e-3));
}

}  // namespace
}  // namespace skysense
