#pragma once

#include <torch/types.h>

namespace skysense {

/// Rows of a piece: enough for matrix products at full speed, and beside the outputs' gradient, to which every piece
/// adds; few enough for a CPU's cache. A GPU wants more at once.
inline constexpr int64_t kCpuPiece = 1024, kGpuPiece = 16384;

/// The sum of the learning losses of codes with the targets that belong to them, log sum exp(z) - target . z for each
/// target (Eq. 4; a target sums to 1), where z are the code's logits, its products with `outputs` over `temperature`.
///
/// codes [U, b] and outputs [K, b] float32; targets [M, K] without gradient, in the order of `row_of` [M] int64, the
/// code of each -> scalar, differentiable in codes and outputs. The logits [U, K], the largest tensor of a step, are
/// never there as a whole: a piece of the rows at a time passes forward and backward, and the two gradients are what is
/// kept.
torch::Tensor summed_learning_loss(const torch::Tensor& codes, const torch::Tensor& outputs,
                                   const torch::Tensor& targets, const torch::Tensor& row_of, double temperature);

}  // namespace skysense
