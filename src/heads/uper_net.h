#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/conv.h>
#include <torch/types.h>

#include <optional>
#include <vector>

#include "heads/conv_block.h"
#include "model/drop_path.h"

namespace skysense {

/// Defaults are mmsegmentation's UPerHead.
struct UperNetOptions {
  std::vector<int64_t> inputs;  ///< channels of each level, at least two levels, finest first
  int64_t classes;
  int64_t channels = 512;
  std::vector<int64_t> pool_scales = {1, 2, 3, 6};  ///< grids of the pyramid pooling
  double dropout = 0.1;                             ///< of channels, before the classifier, in training
  HeadNorm norm = HeadNorm::kBatch;
};

/// UperNet (Xiao et al. 2018, arXiv 1807.10221; paper App. D.1, D.3, D.5): pyramid pooling of the last level, a
/// feature pyramid from there to the first, and all levels fused on the first one's grid. Levels are taken at their
/// true strides, which may be equal where patch merging keeps the resolution (DESIGN 6). Modules: pooling.<n>,
/// bottleneck, lateral_convs.<n>, fpn_convs.<n>, fpn_bottleneck, classifier.
class UperNetImpl : public torch::nn::Module {
 public:
  explicit UperNetImpl(const UperNetOptions& options);
  /// levels [B, inputs(i), h_i, w_i] -> logits [B, classes, h_0, w_0]. `keys` for dropout, in training.
  /// Throws c10::ValueError for another number of levels.
  torch::Tensor forward(const std::vector<torch::Tensor>& levels, const std::optional<RowKeys>& keys = {});

 private:
  torch::Tensor pool(const torch::Tensor& top);

  const UperNetOptions options_;
  torch::nn::ModuleList pooling_;
  ConvBlock bottleneck_;
  torch::nn::ModuleList lateral_convs_, fpn_convs_;
  ConvBlock fpn_bottleneck_;
  torch::nn::Conv2d classifier_;
};
TORCH_MODULE(UperNet);

}  // namespace skysense
