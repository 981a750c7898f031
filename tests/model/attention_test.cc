#include "model/attention.h"

#include <ATen/Parallel.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <tuple>

#include "core/wide_vectors.h"
#include "model/attention_kernel.h"
#include "testing/all_close.h"
#include "testing/narrowed_vectors.h"

namespace skysense {
namespace {

using testing::relative_l2_within;

/// Queries, keys and values as a block makes them: the heads of a token side by side.
std::array<torch::Tensor, 3> heads(int64_t queries, int64_t length, int64_t width, torch::ScalarType type) {
  torch::manual_seed(3);
  const auto drawn = [&](int64_t count) { return torch::randn({2, count, 3, width}).to(type).transpose(1, 2); };
  return {drawn(queries), drawn(length), drawn(length)};
}

/// Of PyTorch's in double precision.
torch::Tensor exact(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v) {
  return at::scaled_dot_product_attention(q.to(torch::kDouble), k.to(torch::kDouble), v.to(torch::kDouble));
}

torch::Tensor attend_with_threads(int threads, const std::array<torch::Tensor, 3>& qkv) {
  const int before = at::get_num_threads();
  at::set_num_threads(threads);
  const torch::Tensor mixed = attend(qkv[0], qkv[1], qkv[2]);
  at::set_num_threads(before);
  return mixed;
}

TEST(LongAttention, GoesInBlocksInBfloat16OnOneThreadAlone) {
  const c10::InferenceMode inference;
  const auto qkv = heads(515, 600, 16, torch::kBFloat16);
  const auto& [q, k, v] = qkv;
  const torch::Tensor blocks = attend_by_blocks(q, k, v), fused = at::scaled_dot_product_attention(q, k, v);
  EXPECT_FALSE(blocks.equal(fused)) << "nothing tells which of them was chosen";
  EXPECT_TRUE(attend_with_threads(1, qkv).equal(blocks));
  EXPECT_TRUE(attend_with_threads(2, qkv).equal(fused));
  EXPECT_TRUE(relative_l2_within(blocks.to(torch::kDouble), exact(q, k, v), 1e-2));
}

TEST(Attention, IsTheKernelsInFloat32WithAnyThreads) {
  if (!has_attention_kernel()) GTEST_SKIP() << "this processor has neither AVX2 nor AVX-512";
  const c10::InferenceMode inference;
  for (const int64_t queries : {68, 515}) {
    const auto qkv = heads(queries, queries + 17, 16, torch::kFloat);
    const auto& [q, k, v] = qkv;
    const torch::Tensor mixed = attend_by_kernel(q, k, v);
    for (const auto& other : {at::scaled_dot_product_attention(q, k, v), attend_by_products(q, k, v)})
      EXPECT_FALSE(mixed.equal(other)) << "nothing tells which of them was chosen";
    EXPECT_TRUE(attend_with_threads(1, qkv).equal(mixed));
    EXPECT_TRUE(attend_with_threads(2, qkv).equal(mixed));
  }
}

TEST(Attention, WithGradientsIsPyTorchs) {
  for (const int64_t queries : {68, 130}) {
    const auto [q, k, v] = heads(queries, queries, 16, torch::kFloat);
    k.requires_grad_();
    EXPECT_TRUE(attend(q, k, v).requires_grad());
  }
}

/// Queries, keys and the width of a head: multiples of the kernel's blocks and not.
using Sizes = std::tuple<int64_t, int64_t, int64_t>;

class AttentionKernel : public ::testing::TestWithParam<std::tuple<VectorWidth, Sizes>> {
 protected:
  void SetUp() override {
    if (std::get<0>(GetParam()) > native_vectors()) GTEST_SKIP() << "this processor lacks such vectors";
  }
};

TEST_P(AttentionKernel, EqualsPyTorchsInDoublePrecision) {
  const c10::InferenceMode inference;
  const auto [vectors, sizes] = GetParam();
  const auto [queries, keys, width] = sizes;
  const testing::NarrowedVectors narrowed(vectors);
  const auto [q, k, v] = heads(queries, keys, width, torch::kFloat);
  EXPECT_TRUE(relative_l2_within(attend_by_kernel(q, k, v).to(torch::kDouble), exact(q, k, v), 1e-6));
  // Scores of a thousand: all but one key weigh nothing, and a plain exponential would overflow.
  EXPECT_TRUE(relative_l2_within(attend_by_kernel(q * 300, k, v).to(torch::kDouble), exact(q * 300, k, v), 1e-4));
}

TEST_P(AttentionKernel, HandsOnWhatIsNoNumber) {
  const c10::InferenceMode inference;
  const auto [vectors, sizes] = GetParam();
  const auto [queries, keys, width] = sizes;
  const testing::NarrowedVectors narrowed(vectors);
  const auto [q, k, v] = heads(queries, keys, width, torch::kFloat);
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  auto spoilt = q.clone();
  spoilt[1][2][0][0] = nan;
  const auto mixed = attend_by_kernel(spoilt, k, v), clean = attend_by_kernel(q, k, v);
  EXPECT_TRUE(mixed[1][2][0].isnan().all().item<bool>());
  EXPECT_EQ(mixed.isnan().sum().item<int64_t>(), width);  // of that query alone
  EXPECT_TRUE(mixed[0].equal(clean[0]));
  for (const double bad : {nan, infinity}) {
    auto key = k.clone();
    key[0][1][keys - 1] = bad;
    const auto found = attend_by_kernel(q, key, v);
    EXPECT_TRUE(found[0][1].isnan().all().item<bool>()) << bad;
    EXPECT_FALSE(found[0][0].isnan().any().item<bool>());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, AttentionKernel,
    ::testing::Combine(::testing::Values(VectorWidth::kBaseline, VectorWidth::kAvx2, VectorWidth::kAvx512),
                       ::testing::Values(Sizes{1, 1, 8}, Sizes{20, 20, 32}, Sizes{68, 68, 32}, Sizes{48, 160, 32},
                                         Sizes{130, 141, 32}, Sizes{515, 600, 22}, Sizes{97, 1028, 64})));

}  // namespace
}  // namespace skysense
