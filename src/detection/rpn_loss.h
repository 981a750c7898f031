#pragma once

#include <torch/types.h>

#include <vector>

#include "detection/detection_options.h"
#include "detection/object_targets.h"
#include "detection/rpn.h"
#include "detection/taught_objects.h"
#include "model/drop_path.h"

namespace skysense {

/// DetectionLosses::objectness and proposals.
struct RpnLosses {
  torch::Tensor objectness, proposals;
};

/// Which anchors of an image are taught: int64 [A] as match_boxes has it, by the upright bounds of the objects. Without
/// border_anchors those across the image's border are ignored.
torch::Tensor match_anchors(const torch::Tensor& anchors, const TaughtObjects& objects, const ImageSize& image,
                            const RpnOptions& options, double ignore_share);

/// The losses of the images' anchors, a sample of each image's (sample_boxes) by the keys, one an image. Boxes are
/// learnt as deltas of the object's upright box, or midpoint offsets of the oriented one, smooth L1 with beta 1/9.
/// `options` as published() gives them.
RpnLosses rpn_loss(const RpnOutput& output, const std::vector<TaughtObjects>& objects,
                   const std::vector<ImageSize>& images, const DetectionOptions& options, const RowKeys& keys);

}  // namespace skysense
