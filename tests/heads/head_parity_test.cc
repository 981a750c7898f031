#include <gtest/gtest.h>

#include "heads/bit_head.h"
#include "heads/fcn_head.h"
#include "heads/linear_head.h"
#include "heads/semantic_change.h"
#include "heads/u_net_head.h"
#include "heads/uper_net.h"
#include "testing/all_close.h"
#include "testing/fixture.h"
#include "tests/model/reference.h"

namespace skysense {
namespace {

using testing::expect_gradients;
using testing::Fixture;
using testing::load_weights;
using testing::relative_l2_within;

constexpr double kValueTolerance = 2e-6, kGradientTolerance = 1e-5;  // relative L2, float32

const std::vector<int64_t> kChannels = {8, 16, 24, 32};
constexpr int64_t kClasses = 5, kWidth = 12;

using Levels = std::map<std::string, torch::Tensor>;

std::vector<torch::Tensor> listed(const Levels& levels, const std::string& prefix = "") {
  std::vector<torch::Tensor> list;
  for (size_t i = 0; i < kChannels.size(); ++i) list.push_back(levels.at(prefix + std::to_string(i)));
  return list;
}

/// The head with the reference's weights and moving statistics on the reference's levels: in training mode forwards and
/// backwards, then in evaluation mode, which shows that the statistics moved alike.
template <class Head, class Run>
void compare(const std::string& name, Head head, Run run) {
  const Fixture fixture(name);
  load_weights(*head, fixture.with_prefix("weights."));
  {
    const torch::NoGradGuard no_grad;
    const auto buffers = fixture.with_prefix("buffers.");
    EXPECT_EQ(buffers.size(), head->named_buffers().size());
    for (auto& item : head->named_buffers()) item.value().copy_(buffers.at(item.key()));
  }
  auto levels = fixture.with_prefix("levels.");
  for (auto& [key, level] : levels) level.set_requires_grad(true);
  head->train();
  const torch::Tensor output = run(head, levels);
  EXPECT_TRUE(relative_l2_within(output, fixture["output"], kValueTolerance));
  (output * fixture["output_gradient"]).sum().backward();
  expect_gradients(*head, fixture.with_prefix("gradients."), kGradientTolerance);
  const auto gradients = fixture.with_prefix("level_gradients.");
  for (const auto& [key, level] : levels)
    EXPECT_TRUE(relative_l2_within(level.grad(), gradients.at(key), kGradientTolerance)) << key;
  head->eval();
  EXPECT_TRUE(relative_l2_within(run(head, levels), fixture["evaluated"], kValueTolerance));
}

const auto kPyramid = [](auto& head, const Levels& levels) { return head->forward(listed(levels)); };
const auto kFirst = [](auto& head, const Levels& levels) { return head->forward(levels.at("0")); };

UperNet make_uper_net(HeadNorm norm = HeadNorm::kBatch) {
  return UperNet(
      UperNetOptions{.inputs = kChannels, .classes = kClasses, .channels = kWidth, .dropout = 0, .norm = norm});
}

TEST(HeadParity, LinearEqualsTheReference) {
  const auto weight = Fixture("head_linear")["weight"];
  compare("head_linear", LinearHead(kChannels[0], kClasses),
          [&](auto& head, const Levels& levels) { return head->forward(levels.at("0"), weight); });
}

TEST(HeadParity, FcnEqualsTransformers) {
  compare("head_fcn",
          FcnHead(FcnHeadOptions{.inputs = kChannels[0], .classes = kClasses, .channels = kWidth, .dropout = 0}),
          kFirst);
}

TEST(HeadParity, TheAuxiliaryFcnEqualsTransformers) {
  compare("head_fcn_auxiliary",
          FcnHead(FcnHeadOptions{.inputs = kChannels[0],
                                 .classes = kClasses,
                                 .channels = kWidth,
                                 .convolutions = 1,
                                 .join_input = false,
                                 .dropout = 0}),
          kFirst);
}

TEST(HeadParity, UperNetOnOddSizesEqualsTransformers) { compare("head_upernet", make_uper_net(), kPyramid); }

TEST(HeadParity, UperNetOnLevelsOfOneSizeEqualsTransformers) {
  compare("head_upernet_equal_strides", make_uper_net(), kPyramid);
}

TEST(HeadParity, UperNetWithGroupNormEqualsTransformers) {
  compare("head_upernet_group_norm", make_uper_net(HeadNorm::kGroup), kPyramid);
}

TEST(HeadParity, BitEqualsTheReference) {
  BitHead head(BitHeadOptions{.inputs = kChannels,
                              .dim = 16,
                              .tokens = 3,
                              .encoder_layers = 1,
                              .decoder_layers = 2,
                              .heads = 2,
                              .encoder_head_width = 12,
                              .decoder_head_width = 4,
                              .hidden = 20});
  compare("head_bit", head, [](auto& bit, const Levels& levels) {
    return bit->forward(listed(levels, "before."), listed(levels, "after."), 35, 27);
  });
}

TEST(HeadParity, UNetEqualsTheReference) {
  for (const std::string name : {"head_unet", "head_unet_equal_strides"}) {
    UNetHead head(UNetHeadOptions{.inputs = kChannels, .channels = {20, 16, 12, 8}});
    compare(name, head, [](auto& u_net, const Levels& levels) {
      return u_net->forward(listed(levels, "before."), listed(levels, "after."));
    });
  }
}

TEST(HeadParity, ChangeBetweenClassMapsEqualsTheReference) {
  const Fixture fixture("head_semantic_change");
  const auto before = fixture["before"].set_requires_grad(true), after = fixture["after"].set_requires_grad(true);
  const auto output = change_logits(before, after);
  EXPECT_TRUE(relative_l2_within(output, fixture["output"], kValueTolerance));
  (output * fixture["output_gradient"]).sum().backward();
  EXPECT_TRUE(relative_l2_within(before.grad(), fixture["before_gradient"], kGradientTolerance));
  EXPECT_TRUE(relative_l2_within(after.grad(), fixture["after_gradient"], kGradientTolerance));
}

}  // namespace
}  // namespace skysense
