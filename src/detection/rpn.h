#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/types.h>

#include <vector>

#include "detection/detection_options.h"

namespace skysense {

/// What the network says of the anchors of all levels, the finest first; within a level rows, columns, anchors of a
/// cell.
struct RpnOutput {
  torch::Tensor anchors;             ///< float32 [A, 4] upright, in pixels
  torch::Tensor logits;              ///< float32 [B, A], log-odds that it is an object
  torch::Tensor deltas;              ///< float32 [B, A, 4], of oriented boxes [B, A, 6] midpoint offsets
  std::vector<int64_t> level_sizes;  ///< anchors of each level; together A
};

/// Region proposal network, the same for all levels: a 3x3 convolution, ReLU, and 1x1 convolutions for objects and
/// boxes. Faster R-CNN (arXiv 1506.01497, sec. 3.1) as torchvision has it; oriented (arXiv 2108.05699, sec. 3.1) with
/// six midpoint offsets an anchor as mmrotate. Anchors are those of the two: torchvision's are rounded to whole pixels.
/// Modules: conv, cls_logits, bbox_pred.
class RpnImpl : public torch::nn::Module {
 public:
  RpnImpl(DetectorKind detector, const DetectionOptions& options);
  /// levels [B, channels, h_i, w_i] with their strides in pixels. Throws c10::ValueError for another number of either
  /// than there are anchor sizes.
  RpnOutput forward(const std::vector<torch::Tensor>& levels, const std::vector<double>& strides);

 private:
  const DetectorKind detector_;
  const RpnOptions options_;
  torch::nn::Conv2d conv_, cls_logits_, bbox_pred_;
};
TORCH_MODULE(Rpn);

}  // namespace skysense
