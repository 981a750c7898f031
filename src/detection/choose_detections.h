#pragma once

#include <torch/types.h>

#include <vector>

#include "detection/detection_options.h"
#include "detection/object_targets.h"
#include "detection/roi_head.h"

namespace skysense {

/// The detections of each image from what the head says of its proposals: every class of every proposal that scores
/// above score_threshold, without those that overlap a better one of their class by more than nms_iou, the best
/// `detections` of them. Upright boxes are clipped to their image. As torchvision's RoIHeads and mmrotate. Without
/// gradients. `options` as published() gives them.
std::vector<Detections> choose_detections(const RoiOutput& output, const std::vector<torch::Tensor>& proposals,
                                          const std::vector<ImageSize>& images, const DetectionOptions& options);

}  // namespace skysense
