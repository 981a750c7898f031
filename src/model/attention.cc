#include "model/attention.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/processor.h"
#include "model/onednn.h"

namespace skysense {
namespace {

constexpr int64_t kBlockQueries = 256;
constexpr int64_t kLongSequence = 512;  // below, the fused kernel is as fast as blocks

bool suits_blocks(const torch::Tensor& q, const torch::Tensor& k) {
  // The fused kernel has MKL multiply float32, which is faster than oneDNN in blocks on Intel's processors alone.
  static const bool mkl_is_fast = is_intel();
  const bool faster = q.scalar_type() == at::kBFloat16 || (q.scalar_type() == at::kFloat && !mkl_is_fast);
  return q.is_cpu() && faster && k.size(-2) >= kLongSequence && !q.requires_grad() && at::get_num_threads() == 1 &&
         at::globalContext().hasMKLDNN();
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

torch::Tensor attend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v) {
  if (q.is_cpu() && k.size(-2) <= kShortSequence) return attend_by_products(q, k, v);
  if (suits_blocks(q, k)) return attend_by_blocks(q, k, v);
  return at::scaled_dot_product_attention(q, k, v);
}

}  // namespace skysense
