#include "engine/gradient_average.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/linear.h>

#include "model/checkpointing.h"
#include "testing/as_ranks.h"

namespace skysense {
namespace {

using testing::as_ranks;

constexpr int64_t kWidth = 128;  // a weight fills a bucket

/// Layers, one of which every step uses several times and one of which runs checkpointed; each rank leaves out another
/// one of the last two.
struct Layers {
  explicit Layers(int64_t rank) : rank(rank) {
    for (int64_t i = 0; i < 6; ++i) linears.emplace_back(kWidth, kWidth);
    unused.emplace_back(kWidth, kWidth);
    // LibTorch's own draws are one stream of all threads.
    const auto generator = at::make_generator<at::CPUGeneratorImpl>(1);
    const torch::NoGradGuard no_grad;
    for (const torch::Tensor& parameter : parameters()) parameter.copy_(at::randn(parameter.sizes(), generator) * 0.1);
  }
  torch::Tensor loss(int64_t sample) {
    auto x = torch::randn({3, kWidth}, at::make_generator<at::CPUGeneratorImpl>(static_cast<uint64_t>(sample)));
    x = linears[0](x);
    for (int i = 0; i < 3; ++i) x = torch::tanh(linears[1](x));
    for (int i = 0; i < 2; ++i) {
      const RunBlock block = [this](const torch::Tensor& tokens) {
        return BlockOutput{torch::tanh(linears[2](torch::tanh(linears[2](tokens)))), {}};
      };
      x = run_checkpointed(block, x, linears[2]->parameters()).tokens;
    }
    x = linears[3](x) + linears[1](x);
    return linears[static_cast<size_t>(4 + rank)](x).square().mean();
  }
  std::vector<torch::Tensor> parameters() const {
    std::vector<torch::Tensor> all;
    for (const auto* some : {&linears, &unused}) {
      for (const auto& linear : *some) {
        for (const auto& parameter : linear->parameters()) all.insert(all.begin(), parameter);
      }
    }
    return all;
  }
  const int64_t rank;
  std::vector<torch::nn::Linear> linears, unused;
};

std::vector<torch::Tensor> gradients_of(const Layers& layers) {
  std::vector<torch::Tensor> gradients;
  for (const auto& parameter : layers.parameters())
    gradients.push_back(parameter.grad().defined() ? parameter.grad().clone() : torch::Tensor());
  return gradients;
}

/// The gradients of one step of `micro_batches` on each of two ranks.
auto step(int64_t port, bool overlapped, int64_t micro_batches) {
  return as_ranks(2, port, [=](const std::unique_ptr<Ranks>& ranks) {
    Layers layers(ranks->rank());
    GradientAverage average(layers.parameters(), *ranks);
    for (int64_t number = 0; number < 2; ++number) {  // what the first step leaves behind must not be seen
      for (const auto& parameter : layers.parameters()) parameter.mutable_grad().reset();
      for (int64_t micro = 0; micro < micro_batches; ++micro) {
        const auto loss = layers.loss(micro * 2 + ranks->rank());
        if (overlapped && micro + 1 == micro_batches) average.begin(loss);
        loss.backward();
      }
      average.finish();
    }
    return gradients_of(layers);
  });
}

class GradientAverageOf : public ::testing::TestWithParam<int64_t> {};

TEST_P(GradientAverageOf, MicroBatchesIsTheSameBitForBitWithAndWithoutOverlap) {
  const int64_t micro_batches = GetParam();
  const auto overlapped = step(29620 + 2 * micro_batches, true, micro_batches);
  const auto after = step(29621 + 2 * micro_batches, false, micro_batches);
  std::vector<std::vector<torch::Tensor>> own;
  for (int64_t rank = 0; rank < 2; ++rank) {
    Layers layers(rank);
    for (int64_t micro = 0; micro < micro_batches; ++micro) layers.loss(micro * 2 + rank).backward();
    own.push_back(gradients_of(layers));
  }
  for (size_t i = 0; i < own[0].size(); ++i) {
    const auto &first = own[0][i], &second = own[1][i];
    if (!first.defined() && !second.defined()) {
      EXPECT_FALSE(overlapped[0][i].defined() || overlapped[1][i].defined() || after[0][i].defined()) << i;
      continue;
    }
    const auto mean = ((first.defined() ? first : torch::zeros_like(second)) +
                       (second.defined() ? second : torch::zeros_like(first))) /
                      2;
    for (const auto* found : {&overlapped[0][i], &overlapped[1][i], &after[0][i], &after[1][i]}) {
      ASSERT_TRUE(found->defined()) << i;
      EXPECT_TRUE(torch::equal(*found, mean)) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Steps, GradientAverageOf, ::testing::Values(1, 2));

/// Two ranks, of which the other has zeros; tells how many sums were begun.
class CountingRanks : public Ranks {
 public:
  int64_t size() const override { return 2; }
  std::function<void()> begin_sum(const torch::Tensor& values) const override {
    ++begun;
    return [] {};
  }
  mutable int64_t begun = 0;
};

TEST(GradientAverage, BucketsSetOutDuringTheBackwardPass) {
  const CountingRanks ranks;
  Layers layers(0);
  GradientAverage average(layers.parameters(), ranks);
  int64_t begun_by_the_end = 0;
  const auto loss = layers.loss(0);
  // The first layer is the last that the pass comes to.
  layers.linears[0]->weight.register_hook([&](const torch::Tensor&) { begun_by_the_end = ranks.begun; });
  average.begin(loss);
  loss.backward();
  EXPECT_GE(begun_by_the_end, 4);
  average.finish();
  EXPECT_GT(ranks.begun, begun_by_the_end);
}

TEST(GradientAverage, OfNothingIsNothing) {
  const CountingRanks ranks;
  GradientAverage average({}, ranks);
  average.begin(torch::zeros({}));
  average.finish();
  EXPECT_EQ(ranks.begun, 0);
}

}  // namespace
}  // namespace skysense
