#include "model/attention.h"

#include <ATen/Parallel.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "core/processor.h"
#include "testing/all_close.h"

namespace skysense {
namespace {

using testing::relative_l2_within;

/// Queries, keys and values as a block makes them: the heads of a token side by side.
std::array<torch::Tensor, 3> heads(int64_t queries, int64_t length, torch::ScalarType type) {
  torch::manual_seed(3);
  const auto drawn = [&](int64_t count) { return torch::randn({2, count, 3, 16}).to(type).transpose(1, 2); };
  return {drawn(queries), drawn(length), drawn(length)};
}

class LongAttention : public ::testing::TestWithParam<torch::ScalarType> {};

TEST_P(LongAttention, GoesInBlocksOnOneThreadAloneWhereMklIsSlow) {
  const c10::InferenceMode inference;
  const auto [q, k, v] = heads(515, 600, GetParam());
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const torch::Tensor one = attend(q, k, v);
  at::set_num_threads(2);
  const torch::Tensor two = attend(q, k, v);
  at::set_num_threads(threads);
  const torch::Tensor blocks = attend_by_blocks(q, k, v), fused = at::scaled_dot_product_attention(q, k, v);
  EXPECT_FALSE(blocks.equal(fused)) << "nothing tells which of them was chosen";
  const bool by_mkl = GetParam() == torch::kFloat && is_intel();
  EXPECT_TRUE(one.equal(by_mkl ? fused : blocks));
  EXPECT_TRUE(two.equal(fused));
  const auto exact = at::scaled_dot_product_attention(q.to(torch::kFloat), k.to(torch::kFloat), v.to(torch::kFloat));
  EXPECT_TRUE(relative_l2_within(blocks.to(torch::kFloat), exact, GetParam() == torch::kFloat ? 1e-6 : 1e-2));
}

INSTANTIATE_TEST_SUITE_P(Types, LongAttention, ::testing::Values(torch::kFloat, torch::kBFloat16),
                         [](const auto& info) { return std::string(c10::toString(info.param)); });

}  // namespace
}  // namespace skysense
