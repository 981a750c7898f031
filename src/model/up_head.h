#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include "model/projection.h"

namespace skysense {

/// Brings features of one token per patch back to one per pixel: a 1x1 convolution to 16 times the width, then a pixel
/// shuffle by 4. Features are channels-last, where a 1x1 convolution is a linear layer; its outputs are ordered as
/// PixelShuffle(4) wants them. Source: DESIGN 3 (the reading that fits Table 9's fusion module).
class UpHeadImpl : public torch::nn::Module {
 public:
  static constexpr int64_t kFactor = 4;  ///< the side of a tokenizer's patch

  explicit UpHeadImpl(int64_t dim);
  /// Gives the 16 pixels of a token the weights of the first: a new up-head repeats its input, where random weights of
  /// their own would lay one and the same pattern over every map (ICNR, arXiv 1707.02937).
  void start_as_repetition();
  /// grid [N, h, w, dim] -> [N, 4h, 4w, dim].
  torch::Tensor forward(const torch::Tensor& grid);

 private:
  Projection expand_;
};
TORCH_MODULE(UpHead);

}  // namespace skysense
