#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>

#include <vector>

#include "boxes/box_coder.h"
#include "detection/detection_options.h"

namespace skysense {

/// What the head says of R proposals.
struct RoiOutput {
  torch::Tensor logits;  ///< float32 [R, K + 1] of none and the K classes
  /// float32 deltas from the proposal: upright [R, K + 1, 4], a box a class (that of none is not used); oriented
  /// [R, 1, 5], one for all classes.
  torch::Tensor deltas;
};

/// The factors of the head's upright deltas: torchvision's 10, 10, 5, 5. Oriented ones are coded by the defaults of
/// RotatedCoderOptions, mmrotate's.
BoxCoderOptions upright_head_coder();

/// Faster R-CNN's head as torchvision has it (RoIAlign, two hidden layers, class and box), and Oriented R-CNN's on
/// oriented proposals (rotated RoIAlign, arXiv 2108.05699, sec. 3.2) as mmrotate has it. Modules: fc6, fc7, cls_score,
/// bbox_pred.
class RoiHeadImpl : public torch::nn::Module {
 public:
  /// `classes` without none.
  RoiHeadImpl(DetectorKind detector, const DetectionOptions& options, int64_t classes);
  /// levels [B, channels, h_i, w_i] with their strides in pixels; proposals of each image [R_i, 4] or [R_i, 5] -> all
  /// of them, image after image.
  RoiOutput forward(const std::vector<torch::Tensor>& levels, const std::vector<double>& strides,
                    const std::vector<torch::Tensor>& proposals);

 private:
  const DetectorKind detector_;
  const RoiHeadOptions options_;
  torch::nn::Linear fc6_, fc7_, cls_score_, bbox_pred_;
};
TORCH_MODULE(RoiHead);

}  // namespace skysense
