#include "heads/winograd.h"

#include <gtest/gtest.h>
#include <torch/nn/functional/conv.h>

#include "core/wide_vectors.h"
#include "heads/conv_block.h"
#include "model/autocast.h"
#include "testing/all_close.h"
#include "testing/narrowed_vectors.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::relative_l2_within;

class WinogradWithVectors : public ::testing::TestWithParam<VectorWidth> {};

TEST_P(WinogradWithVectors, EqualsTheConvolutionInDoublePrecision) {
  if (GetParam() > native_vectors()) GTEST_SKIP() << "this processor lacks such vectors";
  const testing::NarrowedVectors narrowed(GetParam());
  torch::manual_seed(3);
  for (const auto& [height, width] : {std::pair{33, 64}, std::pair{64, 50}, std::pair{40, 40}}) {
    const auto map = torch::rand({2, 70, height, width}), weight = torch::randn({65, 70, 3, 3}) / 25,
               bias = torch::randn({65});
    const auto wanted = torch::conv2d(map.to(torch::kDouble), weight.to(torch::kDouble), bias.to(torch::kDouble), 1, 1);
    const auto found = winograd_convolution(map, weight, bias);
    EXPECT_EQ(found.sizes(), wanted.sizes());
    EXPECT_TRUE(relative_l2_within(found.to(torch::kDouble), wanted, 5e-6));
  }
}

INSTANTIATE_TEST_SUITE_P(Winograd, WinogradWithVectors,
                         ::testing::Values(VectorWidth::kBaseline, VectorWidth::kAvx2, VectorWidth::kAvx512));

TEST(Winograd, TakesMapsWhoseChannelsLieLastInMemory) {
  const auto map = torch::rand({1, 64, 36, 40}), weight = torch::randn({64, 64, 3, 3});
  EXPECT_TRUE(winograd_convolution(map.contiguous(torch::MemoryFormat::ChannelsLast), weight, {})
                  .equal(winograd_convolution(map, weight, {})));
}

TEST(Winograd, SuitsLargeMapsInFloat32WithoutGradients) {
  const torch::NoGradGuard no_gradients;
  const auto map = torch::rand({1, 64, 32, 32}), weight = torch::rand({64, 64, 3, 3});
  EXPECT_TRUE(suits_winograd(map, weight));
  EXPECT_FALSE(suits_winograd(map.narrow(2, 0, 16), weight));
  EXPECT_FALSE(suits_winograd(map, torch::rand({64, 64, 1, 1})));
  EXPECT_FALSE(suits_winograd(map.to(torch::kBFloat16), weight));
  const AutocastScope autocast(c10::kCPU, c10::kBFloat16);
  EXPECT_FALSE(suits_winograd(map, weight));
}

TEST(Winograd, LeavesConvolutionsThatNeedGradientsAlone) {
  EXPECT_FALSE(suits_winograd(torch::rand({1, 64, 32, 32}), torch::rand({64, 64, 3, 3}).requires_grad_()));
}

TEST(ConvBlock, FoldsItsNormalisationWhereNothingLearns) {
  for (const int64_t kernel : {1, 3}) {
    ConvBlock block(ConvBlockOptions{.inputs = 64, .outputs = 72, .kernel = kernel});
    for (auto& buffer : block->named_buffers()) {
      if (buffer.key().find("running") != std::string::npos) buffer.value().uniform_(0.5, 2);
    }
    for (auto& parameter : block->parameters()) parameter.detach().uniform_(-0.1, 0.2);
    block->eval();
    const auto map = torch::randn({2, 64, 40, 36});
    const auto plain = block(map).detach();
    const torch::NoGradGuard no_gradients;
    EXPECT_TRUE(relative_l2_within(block(map), plain, 5e-6)) << kernel;
  }
}

}  // namespace
}  // namespace skysense
