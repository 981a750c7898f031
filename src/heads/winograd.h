#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>

namespace skysense {

/// Of transformed input at once: fewer make products that oneDNN is slow at, more leave the caches.
inline constexpr int64_t kWinogradChunkFloats = 1 << 22;

/// Whether winograd_convolution is worth it and allowed: float32 on a CPU with oneDNN and without gradients, a 3x3
/// convolution of a map and of channels large enough.
bool suits_winograd(const torch::Tensor& map, const torch::Tensor& weight);

/// The 3x3 convolution with a border of zeros, map [B, C, H, W] and weight [K, C, 3, 3] -> [B, K, H, W], channels last
/// in memory; plus bias [K] where there is one. By Winograd's minimal filtering F(4x4, 3x3) (Lavin & Gray 2016, arXiv
/// 1509.09308), a quarter of the multiplications, which are oneDNN's: 2 to 3 times as fast as oneDNN's direct
/// convolution for 128 channels and more. It differs from that by rounding, a few parts in a million.
torch::Tensor winograd_convolution(const torch::Tensor& map, const torch::Tensor& weight,
                                   const std::optional<torch::Tensor>& bias);

}  // namespace skysense
