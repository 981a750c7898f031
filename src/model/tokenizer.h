#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/types.h>

#include <vector>

namespace skysense {

/// Turns an image into tokens: 4x4 patches, a linear layer, LayerNorm (paper sec. 3.1.1; Swin's patch embedding).
class TokenizerImpl : public torch::nn::Module {
 public:
  TokenizerImpl(int64_t channels, int64_t dim);
  /// image [B, channels, H, W], H and W >= 4 -> [B, ceil(H/4), ceil(W/4), dim]. Sides that are no multiple of 4 are
  /// padded right and bottom with zeros, the mean of normalised input. Throws c10::ValueError for other shapes.
  torch::Tensor forward(const torch::Tensor& image);

  /// Sets the linear layer's bias so that an image of these values ([channels]) gives 0 before LayerNorm. With the
  /// values of no signal a new tokenizer is blind to gain: twice the light gives the same tokens, as LayerNorm divides
  /// by the length. Inputs normalised to mean 0 would otherwise hide where "dark" is.
  void start_from_no_signal(const std::vector<double>& values);

 private:
  const int64_t channels_;
  torch::nn::Linear proj_;
  torch::nn::LayerNorm norm_;
};
TORCH_MODULE(Tokenizer);

}  // namespace skysense
