#include "model/attention.h"

#include <ATen/Parallel.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <gtest/gtest.h>

#include <array>

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

TEST(Attention, BlocksEqualPyTorchsFusedKernel) {
  const c10::InferenceMode inference;
  const auto [q, k, v] = heads(515, 600, torch::kFloat);
  EXPECT_TRUE(relative_l2_within(attend_by_blocks(q, k, v), at::scaled_dot_product_attention(q, k, v), 1e-6));
}

TEST(Attention, ALongSequenceInBfloat16GoesInBlocksOnOneThreadAlone) {
  const c10::InferenceMode inference;
  const auto [q, k, v] = heads(515, 600, torch::kBFloat16);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const torch::Tensor one = attend(q, k, v);
  at::set_num_threads(2);
  const torch::Tensor two = attend(q, k, v);
  at::set_num_threads(threads);
  EXPECT_TRUE(one.equal(attend_by_blocks(q, k, v)));
  EXPECT_TRUE(two.equal(at::scaled_dot_product_attention(q, k, v)));
  const auto exact = at::scaled_dot_product_attention(q.to(torch::kFloat), k.to(torch::kFloat), v.to(torch::kFloat));
  EXPECT_TRUE(relative_l2_within(one.to(torch::kFloat), exact, 1e-2));
}

}  // namespace
}  // namespace skysense
