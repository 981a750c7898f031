#pragma once

#include <torch/types.h>

#include <optional>

namespace skysense {

// oneDNN's operators, which have no C++ declaration in LibTorch's headers; on a CPU, of float32 or bfloat16, without
// gradients. at::globalContext().hasMKLDNN() tells whether they are there.

/// A weight [N, K] in the layout that oneDNN prefers.
torch::Tensor onednn_reordered(const torch::Tensor& weight);
/// x [..., K] times weight [N, K] (as it is, or reordered) and bias [N] -> [..., N], through GELU where `gelu`;
/// inputs of one type, contiguous or matrices that are transposed.
torch::Tensor onednn_linear(const torch::Tensor& x, const torch::Tensor& weight,
                            const std::optional<torch::Tensor>& bias, bool gelu = false);

}  // namespace skysense
