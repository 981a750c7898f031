#include "model/attention.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "model/attention_kernel.h"
#include "model/checkpointing.h"
#include "model/onednn.h"

namespace skysense {
namespace {

constexpr int64_t kShare = 10 * kAttentionQueries;  // of one head's queries, for a thread
constexpr int64_t kBlockQueries = 256;
// Below, the fused kernel is as fast as blocks, and the kernel of our own as fast without copies of keys and values.
constexpr int64_t kLongSequence = 512;

bool needs_gradients(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v) {
  return q.requires_grad() || k.requires_grad() || v.requires_grad() || runs_again_later();
}

bool suits_kernel(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v) {
  const auto suits = [](const torch::Tensor& all) {
    return all.is_cpu() && all.scalar_type() == at::kFloat && all.stride(-1) == 1;
  };
  return has_attention_kernel() && suits(q) && suits(k) && suits(v) && !needs_gradients(q, k, v);
}

bool suits_blocks(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v) {
  return q.is_cpu() && q.scalar_type() == at::kBFloat16 && k.size(-2) >= kLongSequence && !needs_gradients(q, k, v) &&
         at::get_num_threads() == 1 && at::globalContext().hasMKLDNN();
}

}  // namespace

torch::Tensor attend_by_blocks(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v) {
  const int64_t batch = q.size(0), heads = q.size(1), queries = q.size(2), width = q.size(3);
  // As the callers want it: the heads of a token side by side.
  const auto mixed = at::empty({batch, queries, heads, width}, q.options()).transpose(1, 2);
  for (int64_t i = 0; i < batch * heads; ++i) {
    const auto head = [&](const torch::Tensor& all) { return all.select(0, i / heads).select(0, i % heads); };
    const auto scaled = head(q) * (1 / std::sqrt(static_cast<double>(width)));
    const auto keys = head(k).contiguous(), values = head(v).t().contiguous();
    for (int64_t begin = 0; begin < queries; begin += kBlockQueries) {
      const int64_t count = std::min(kBlockQueries, queries - begin);
      const auto scores = onednn_linear(scaled.narrow(0, begin, count), keys, std::nullopt);
      head(mixed).narrow(0, begin, count).copy_(onednn_linear(at::softmax(scores, -1), values, std::nullopt));
    }
  }
  return mixed;
}

torch::Tensor attend_by_kernel(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v) {
  const int64_t batch = q.size(0), heads = q.size(1), queries = q.size(2), width = q.size(3), length = k.size(2);
  const auto mixed = at::empty({batch, queries, heads, width}, q.options()).transpose(1, 2);
  // Every block of queries meets them anew: rows of one head side by side are cached together.
  const bool long_sequence = queries >= kLongSequence;
  const auto keys = long_sequence ? k.contiguous() : k, values = long_sequence ? v.contiguous() : v;
  const struct {
    const float *q, *k, *v;
  } from = {q.const_data_ptr<float>(), keys.const_data_ptr<float>(), values.const_data_ptr<float>()};
  auto* const to = mixed.mutable_data_ptr<float>();
  const int64_t shares = (queries + kShare - 1) / kShare;
  at::parallel_for(0, batch * heads * shares, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const int64_t b = i / shares / heads, h = i / shares % heads, begin = i % shares * kShare;
      const auto at = [&](const torch::Tensor& all, int64_t token) {
        return b * all.stride(0) + h * all.stride(1) + token * all.stride(2);
      };
      attend_head({from.q + at(q, begin), std::min(kShare, queries - begin), q.stride(2)},
                  {from.k + at(keys, 0), length, keys.stride(2)}, {from.v + at(values, 0), length, values.stride(2)},
                  width, to + at(mixed, begin), mixed.stride(2));
    }
  });
  return mixed;
}

torch::Tensor attend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v) {
  if (suits_kernel(q, k, v)) return attend_by_kernel(q, k, v);
  if (q.is_cpu() && k.size(-2) <= kShortSequence) return attend_by_products(q, k, v);
  if (suits_blocks(q, k, v)) return attend_by_blocks(q, k, v);
  return at::scaled_dot_product_attention(q, k, v);
}

}  // namespace skysense
