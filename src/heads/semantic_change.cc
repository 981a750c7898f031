#include "heads/semantic_change.h"

#include <ATen/ops/expm1.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logsumexp.h>

namespace skysense {

torch::Tensor change_logits(const torch::Tensor& before, const torch::Tensor& after) {
  TORCH_CHECK_VALUE(before.sizes() == after.sizes() && before.dim() == 4, "two maps of logits of one shape, got ",
                    before.sizes(), " and ", after.sizes());
  constexpr double kSmallest = 1e-6;  // near certainty the log-odds end here, where float32 still tells them apart
  const auto log_same = at::logsumexp(
      at::log_softmax(before.to(at::kFloat), 1) + at::log_softmax(after.to(at::kFloat), 1), 1, /*keepdim=*/true);
  const auto same = log_same.clamp_max(-kSmallest);
  return at::expm1(same).neg().log() - same;
}

}  // namespace skysense
