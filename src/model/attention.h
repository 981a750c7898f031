#pragma once

#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>

#include <cmath>
#include <cstdint>

namespace skysense {

/// Up to so many tokens a CPU attends by products, with gradients or in bfloat16: there the fused kernel's backward
/// pass is slow. Both passes together take 5 times as long for 20 and 68 tokens in bfloat16 and 1.3 times in float32;
/// from 260 on the fused kernel is the faster one in float32.
inline constexpr int64_t kShortSequence = 128;

/// Scaled dot-product attention by two matrix products and a softmax, which for short sequences beat the fused kernels.
/// q [.., Q, width], k and v [.., L, width], bias added to the scores, broadcast to [.., Q, L], where it is defined ->
/// [.., Q, width].
inline torch::Tensor attend_by_products(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                                        const torch::Tensor& bias = {}) {
  auto scores = at::matmul(q * (1 / std::sqrt(static_cast<double>(q.size(-1)))), k.transpose(-2, -1));
  if (bias.defined()) scores = scores + bias;
  return at::matmul(at::softmax(scores, -1), v);
}

/// The same by model/attention_kernel.h, in float32 on CPUs without gradients, shared among PyTorch's threads; the bits
/// do not depend on how many. q [B, heads, Q, width], k and v [B, heads, L, width], their last strides 1 -> [B, heads,
/// Q, width].
torch::Tensor attend_by_kernel(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v);

/// The same head by head and a few hundred queries at a time, so that the scores stay in a core's cache; shapes as
/// above, without gradients. For 1,000 tokens and more in bfloat16 on one thread of an AMD EPYC 1.3 to 1.6 times as
/// fast as the fused kernel, which has MKL multiply where oneDNN does here.
torch::Tensor attend_by_blocks(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v);

/// The fastest of the ways above and PyTorch's fused kernels; shapes as above.
torch::Tensor attend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v);

}  // namespace skysense
