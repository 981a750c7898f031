#pragma once

#include <torch/nn/modules/conv.h>
#include <torch/types.h>

namespace skysense {

/// A convolution with bias whose map keeps its size; `kernel` is its side, odd.
torch::nn::Conv2d make_conv(int64_t inputs, int64_t outputs, int64_t kernel);

/// map [B, inputs, H, W] -> [B, outputs, H, W]; without gradients Winograd's where that is faster: the same up to
/// rounding.
torch::Tensor apply_conv(torch::nn::Conv2dImpl& conv, const torch::Tensor& map);

}  // namespace skysense
