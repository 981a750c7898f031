#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace skysense {

struct FeaturePyramidOptions {
  std::vector<int64_t> inputs;  ///< channels of each level, the finest first
  int64_t channels = 256;       ///< of every level that comes out
  int64_t extra = 1;            ///< levels above the last, each every second cell of the one below
};

/// Feature pyramid network (Lin et al. 2017, arXiv 1612.03144) as torchvision has it: 1x1 convolutions, sums from the
/// coarsest level down by the nearest cell, 3x3 convolutions; no normalisation, biases everywhere. Levels are taken at
/// their true strides, which may be equal where patch merging keeps the resolution (DESIGN 6). Modules:
/// lateral_convs.<n>, fpn_convs.<n>.
class FeaturePyramidImpl : public torch::nn::Module {
 public:
  explicit FeaturePyramidImpl(const FeaturePyramidOptions& options);
  /// levels [B, inputs(i), h_i, w_i] -> [B, channels, h_i, w_i] each, and `extra` levels of half the size (rounded up)
  /// of the one before. Throws c10::ValueError for another number of levels.
  std::vector<torch::Tensor> forward(const std::vector<torch::Tensor>& levels);

 private:
  const FeaturePyramidOptions options_;
  torch::nn::ModuleList lateral_convs_, fpn_convs_;
};
TORCH_MODULE(FeaturePyramid);

}  // namespace skysense
