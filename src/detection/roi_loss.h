#pragma once

#include <torch/types.h>

#include <vector>

#include "detection/detection_options.h"
#include "detection/roi_head.h"
#include "detection/taught_objects.h"
#include "model/drop_path.h"

namespace skysense {

/// The proposals that the head learns from.
struct RoiSamples {
  std::vector<torch::Tensor> proposals;  ///< of each image, [S_i, 4] or [S_i, 5]
  torch::Tensor labels;                  ///< int64 [sum of S_i]: 0 none, else 1 + the class
  torch::Tensor boxes;                   ///< [sum of S_i, 4 or 5]: the object's; the proposal's own where there is none
  std::vector<int64_t> counts;           ///< S_i
};

/// A sample of each image's proposals and objects (sample_boxes), matched by their overlap, oriented boxes by that of
/// the oriented ones, by the keys, one an image. The objects themselves are among the proposals, so that an early
/// network has some that are right (torchvision, mmdetection).
RoiSamples sample_proposals(const std::vector<torch::Tensor>& proposals, const std::vector<TaughtObjects>& objects,
                            const DetectionOptions& options, const RowKeys& keys);

/// DetectionLosses::classes and boxes.
struct RoiLosses {
  torch::Tensor classes, boxes;
};

/// What the head said of the samples against what they are. Only objects teach boxes, each its class's.
RoiLosses roi_loss(const RoiOutput& output, const RoiSamples& samples, const RoiHeadOptions& options);

}  // namespace skysense
