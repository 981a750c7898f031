#include "model/attention.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <algorithm>

namespace skysense {
namespace {

constexpr int64_t kBlockQueries = 256;
constexpr int64_t kLongSequence = 512;  // below, the fused kernel is as fast as blocks

bool suits_blocks(const torch::Tensor& q, const torch::Tensor& k) {
  return q.is_cpu() && q.scalar_type() == at::kBFloat16 && k.size(-2) >= kLongSequence && !q.requires_grad() &&
         at::get_num_threads() == 1;
}

}  // namespace

torch::Tensor attend_by_blocks(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v) {
  const int64_t batch = q.size(0), heads = q.size(1), queries = q.size(2), width = q.size(3);
  // As the callers want it: the heads of a token side by side.
  const auto mixed = at::empty({batch, queries, heads, width}, q.options()).transpose(1, 2);
  for (int64_t i = 0; i < batch * heads; ++i) {
    const auto head = [&](const torch::Tensor& all) { return all.select(0, i / heads).select(0, i % heads); };
    const auto scaled = head(q) * (1 / std::sqrt(static_cast<double>(width)));
    const auto keys = head(k).contiguous().t(), values = head(v).contiguous();
    for (int64_t begin = 0; begin < queries; begin += kBlockQueries) {
      const int64_t count = std::min(kBlockQueries, queries - begin);
      const auto scores = at::matmul(scaled.narrow(0, begin, count), keys);
      head(mixed).narrow(0, begin, count).copy_(at::matmul(at::softmax(scores, -1), values));
    }
  }
  return mixed;
}

torch::Tensor attend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v) {
  if (q.is_cpu() && k.size(-2) <= kShortSequence) return attend_by_products(q, k, v);
  if (suits_blocks(q, k)) return attend_by_blocks(q, k, v);
  return at::scaled_dot_product_attention(q, k, v);
}

}  // namespace skysense
