#pragma once

#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>

#include <cmath>

namespace skysense {

/// Scaled dot-product attention by two matrix products and a softmax, which for short sequences beat the fused kernels.
/// q [.., Q, width], k and v [.., L, width], bias added to the scores, broadcast to [.., Q, L], where it is defined ->
/// [.., Q, width].
inline torch::Tensor attend_by_products(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                                        const torch::Tensor& bias = {}) {
  auto scores = at::matmul(q * (1 / std::sqrt(static_cast<double>(q.size(-1)))), k.transpose(-2, -1));
  if (bias.defined()) scores = scores + bias;
  return at::matmul(at::softmax(scores, -1), v);
}

}  // namespace skysense
