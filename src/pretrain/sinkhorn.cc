#include "pretrain/sinkhorn.h"

#include <limits>

namespace skysense {
namespace {

/// `scores` where nothing but what `taken` names counts in a sum of exponentials.
torch::Tensor masked(const torch::Tensor& scores, const torch::Tensor& taken, int64_t dim) {
  if (!taken.defined()) return scores;
  return scores.masked_fill(taken.logical_not().unsqueeze(dim), -std::numeric_limits<float>::infinity());
}

/// What takes a sum's logarithm to zero; nothing for an empty sum.
torch::Tensor potential(const torch::Tensor& log_sum) { return -log_sum.masked_fill(log_sum.isinf(), 0); }

}  // namespace

torch::Tensor sinkhorn(const torch::Tensor& scores, int rounds, const torch::Tensor& rows, const torch::Tensor& columns,
                       const Ranks& ranks) {
  const torch::NoGradGuard no_grad;
  auto log_q = masked(masked(scores.to(torch::kFloat), rows, -1), columns, -2);
  for (int round = 0; round < rounds; ++round) {
    log_q = log_q + potential(ranks.log_sum(log_q.logsumexp(-2, /*keepdim=*/true)));
    log_q = log_q + potential(log_q.logsumexp(-1, /*keepdim=*/true));
  }
  return log_q.exp();
}

}  // namespace skysense
