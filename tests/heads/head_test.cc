#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "heads/bit_head.h"
#include "heads/channel_dropout.h"
#include "heads/fcn_head.h"
#include "heads/initialise_head.h"
#include "heads/linear_head.h"
#include "heads/semantic_change.h"
#include "heads/u_net_head.h"
#include "heads/uper_net.h"
#include "testing/all_close.h"
#include "tests/model/reference.h"

namespace skysense {
namespace {

using testing::all_close;
using ::testing::HasSubstr;
using testing::random_tensor;
using testing::randomise;
using ::testing::ThrowsMessage;

const std::vector<int64_t> kChannels = {8, 16, 24, 32};
constexpr int64_t kRows = 2, kWidth = 16;

/// Levels whose sides shrink by half, rounded up: `side` and `side` - 2 the finest.
std::vector<torch::Tensor> pyramid(uint64_t seed, int64_t side = 17) {
  std::vector<torch::Tensor> levels;
  for (size_t i = 0; i < kChannels.size(); ++i) {
    const int64_t step = int64_t{1} << i;
    levels.push_back(
        random_tensor({kRows, kChannels[i], (side + step - 1) / step, (side - 2 + step - 1) / step}, seed + i));
  }
  return levels;
}

std::vector<torch::Tensor> first_image(const std::vector<torch::Tensor>& levels) {
  std::vector<torch::Tensor> first;
  for (const auto& level : levels) first.push_back(level.narrow(0, 0, 1));
  return first;
}

template <class Head>
Head evaluated(Head head) {
  randomise(*head);
  head->eval();
  return head;
}

TEST(Heads, MapsHaveTheFinestLevelsSizeWhateverItIs) {
  const auto uper_net = evaluated(UperNet(UperNetOptions{.inputs = kChannels, .classes = 3, .channels = kWidth}));
  const auto u_net = evaluated(UNetHead(UNetHeadOptions{.inputs = kChannels, .classes = 3, .channels = {16, 8, 8, 8}}));
  for (const int64_t side : {3, 8, 13, 31}) {
    const auto levels = pyramid(1, side);
    EXPECT_EQ(UperNet(uper_net)->forward(levels).sizes(), at::IntArrayRef({kRows, 3, side, side - 2}));
    EXPECT_EQ(UNetHead(u_net)->forward(levels, levels).sizes(), at::IntArrayRef({kRows, 3, side, side - 2}));
  }
}

TEST(Heads, TheUNetDoesNotKnowWhichDateIsFirst) {
  auto head = evaluated(UNetHead(UNetHeadOptions{.inputs = kChannels, .channels = {16, 8, 8, 8}}));
  const auto before = pyramid(1), after = pyramid(11);
  EXPECT_TRUE(torch::equal(head(before, after), head(after, before)));
  EXPECT_FALSE(all_close(head(before, after), head(before, before), 1e-3, 1e-3));
}

TEST(Heads, BitKnowsTheOrderOfDatesByItsPositionsAlone) {
  auto head = evaluated(BitHead(BitHeadOptions{.inputs = kChannels, .decoder_layers = 2}));
  const auto before = pyramid(1), after = pyramid(11);
  // Weights large enough for positions to be felt through softmax and difference.
  randomise(*head, 0.3);
  EXPECT_FALSE(all_close(head(before, after, 20, 20), head(after, before, 20, 20), 1e-4, 1e-4));
  const torch::NoGradGuard no_grad;
  auto positions = head->named_parameters()["position_embedding"];
  const int64_t tokens = positions.size(0) / 2;
  positions.narrow(0, tokens, tokens).copy_(positions.narrow(0, 0, tokens));
  EXPECT_TRUE(testing::relative_l2_within(head(before, after, 20, 20), head(after, before, 20, 20), 1e-5));
}

TEST(Heads, BitSeesNoChangeBetweenEqualDatesWithEqualPositions) {
  auto head = evaluated(BitHead(BitHeadOptions{.inputs = kChannels, .decoder_layers = 2}));
  const torch::NoGradGuard no_grad;
  auto positions = head->named_parameters()["position_embedding"];
  const int64_t tokens = positions.size(0) / 2;
  positions.narrow(0, tokens, tokens).copy_(positions.narrow(0, 0, tokens));
  // The difference is 0 everywhere: two inputs give one and the same map.
  const auto one = pyramid(1), other = pyramid(21);
  EXPECT_TRUE(all_close(head(one, one, 20, 20), head(other, other, 20, 20), 1e-6, 1e-6));
}

TEST(Heads, TheLinearHeadCountsOnlyWeightedCells) {
  auto head = evaluated(LinearHead(8, 3));
  auto map = random_tensor({kRows, 8, 4, 4});
  auto weight = at::ones({kRows, 4, 4}, at::kBool);
  EXPECT_TRUE(all_close(head(map, weight), head(map)));
  weight[0][1][2] = false;
  const auto before = head(map, weight);
  map[0].select(1, 1).select(1, 2).fill_(100);
  EXPECT_TRUE(torch::equal(head(map, weight), before));
  EXPECT_TRUE(head(map, at::zeros_like(weight)).isfinite().all().item<bool>());
}

TEST(Heads, DropoutFollowsFromTheRowsKeyAlone) {
  const auto map = at::ones({3, 1000, 2, 2});
  const auto dropped = drop_channels(map, 0.25, RowKeys{7, 8, 9});
  EXPECT_TRUE(torch::equal(drop_channels(map.narrow(0, 0, 2), 0.25, RowKeys{9, 7})[0], dropped[2]));
  EXPECT_FALSE(torch::equal(dropped[0], dropped[1]));
  // Whole channels are 0, the others keep the mean: 1000 draws of 0.25 deviate by 0.014.
  EXPECT_TRUE(torch::equal(dropped.amax({2, 3}), dropped.amin({2, 3})));
  EXPECT_NEAR((dropped == 0).to(at::kFloat).mean().item<double>(), 0.25, 0.03);
  EXPECT_NEAR(dropped.mean().item<double>(), 1, 0.04);
  EXPECT_THROW(drop_channels(map, 0.25, std::nullopt), c10::ValueError);
}

TEST(Heads, DropoutActsInTrainingOnly) {
  FcnHead head(FcnHeadOptions{.inputs = 8, .classes = 3, .channels = kWidth, .dropout = 0.5});
  randomise(*head);
  const auto map = random_tensor({kRows, 8, 5, 5});
  EXPECT_THROW(head(map), c10::ValueError);
  EXPECT_FALSE(torch::equal(head->forward(map, RowKeys{1, 2}), head->forward(map, RowKeys{3, 4})));
  head->eval();
  EXPECT_TRUE(torch::equal(head->forward(map, RowKeys{1, 2}), head->forward(map, RowKeys{3, 4})));
}

TEST(Heads, GroupNormTrainsOnOneImageAndKeepsImagesApart) {
  UperNet head(
      UperNetOptions{.inputs = kChannels, .classes = 3, .channels = 32, .dropout = 0, .norm = HeadNorm::kGroup});
  randomise(*head);
  const auto levels = pyramid(1);
  EXPECT_TRUE(all_close(head(first_image(levels)), head(levels).narrow(0, 0, 1), 1e-5, 1e-5));
}

TEST(Heads, BatchNormRefusesToLearnFromOneImageThatIsPooledToOneValue) {
  UperNet head(UperNetOptions{.inputs = kChannels, .classes = 3, .channels = kWidth});
  EXPECT_THAT([&] { head(first_image(pyramid(1))); }, ThrowsMessage<UsageError>(HasSubstr("set task.norm=group")));
  head->eval();
  EXPECT_EQ(head(first_image(pyramid(1))).size(0), 1);
}

TEST(Heads, InitialWeightsFollowFromTheGenerator) {
  const auto drawn = [](uint64_t seed) {
    BitHead head(BitHeadOptions{.inputs = kChannels});
    initialise_head(*head, at::make_generator<at::CPUGeneratorImpl>(seed));
    return head;
  };
  const auto one = drawn(1), same = drawn(1), other = drawn(2);
  for (const auto& item : one->named_parameters()) {
    EXPECT_TRUE(torch::equal(item.value(), same->named_parameters()[item.key()])) << item.key();
    EXPECT_TRUE(item.value().isfinite().all().item<bool>());
    if (item.value().dim() == 1) continue;
    EXPECT_FALSE(torch::equal(item.value(), other->named_parameters()[item.key()])) << item.key();
  }
  EXPECT_TRUE(torch::equal(one->named_parameters()["change_conv.norm.weight"], at::ones({32})));
}

TEST(SemanticChange, EqualCertainClassesHaveNotChangedAndOthersHave) {
  const auto before = at::full({1, 3, 1, 2}, -20.0), after = before.clone();
  before.select(1, 0).fill_(20);
  after[0][0][0][0] = 20;
  after[0][1][0][1] = 20;
  const auto odds = change_logits(before, after);
  EXPECT_LT(odds.flatten()[0].item<double>(), -10);
  EXPECT_GT(odds.flatten()[1].item<double>(), 10);
  EXPECT_TRUE(odds.isfinite().all().item<bool>());
  EXPECT_TRUE(all_close(change_logits(after, before), odds));
}

TEST(Heads, RefuseAnotherNumberOfLevels) {
  auto levels = pyramid(1);
  levels.pop_back();
  UperNet uper_net(UperNetOptions{.inputs = kChannels, .classes = 3, .channels = kWidth});
  BitHead bit(BitHeadOptions{.inputs = kChannels});
  UNetHead u_net(UNetHeadOptions{.inputs = kChannels});
  EXPECT_THROW(uper_net(levels), c10::ValueError);
  EXPECT_THROW(bit(levels, levels, 8, 8), c10::ValueError);
  EXPECT_THROW(u_net(levels, levels), c10::ValueError);
  EXPECT_THROW(UNetHead(UNetHeadOptions{.inputs = kChannels, .channels = {8}}), c10::ValueError);
  EXPECT_THROW(UperNet(UperNetOptions{.inputs = {8}, .classes = 3}), c10::ValueError);
  EXPECT_THROW(FcnHead(FcnHeadOptions{.inputs = 8, .classes = 3, .convolutions = 0}), c10::ValueError);
}

}  // namespace
}  // namespace skysense
