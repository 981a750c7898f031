#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/conv.h>
#include <torch/types.h>

#include <optional>

#include "heads/conv_block.h"
#include "model/drop_path.h"

namespace skysense {

/// Defaults are mmsegmentation's FCNHead; its auxiliary head for Swin has 256 channels, one convolution, no input
/// joined on.
struct FcnHeadOptions {
  int64_t inputs;  ///< channels of the map
  int64_t classes;
  int64_t channels = 512;
  int64_t convolutions = 2;  ///< 3x3, at least one
  bool join_input = true;    ///< a further convolution over the input and the convolutions' output together
  double dropout = 0.1;      ///< of channels, before the classifier, in training
  HeadNorm norm = HeadNorm::kBatch;
};

/// Segmentation by a few convolutions on one map (Long et al. 2015 as mmsegmentation has it; paper App. D.5 for
/// PASTIS-MM), and UperNet's auxiliary head. Modules: convs.<n>, conv_cat, classifier.
class FcnHeadImpl : public torch::nn::Module {
 public:
  explicit FcnHeadImpl(const FcnHeadOptions& options);
  /// map [B, inputs, h, w] -> logits [B, classes, h, w]. `keys` for dropout, in training.
  torch::Tensor forward(const torch::Tensor& map, const std::optional<RowKeys>& keys = {});

 private:
  const double dropout_;
  torch::nn::ModuleList convs_;
  ConvBlock conv_cat_{nullptr};
  torch::nn::Conv2d classifier_;
};
TORCH_MODULE(FcnHead);

}  // namespace skysense
