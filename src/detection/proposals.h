#pragma once

#include <torch/types.h>

#include <vector>

#include "detection/detection_options.h"
#include "detection/object_targets.h"
#include "detection/rpn.h"

namespace skysense {

/// The boxes of each image that its anchors propose, the best first: float32 [P, 4], or oriented [P, 5]. Of every level
/// the best are decoded, those that overlap better ones of their level are left out, and the best of what is left over
/// all levels stay. Upright proposals are clipped to their image; oriented ones suppress each other by their upright
/// bounds and may reach out of it (mmrotate). Without gradients. `options` as published() gives them; `training`
/// chooses among its numbers.
std::vector<torch::Tensor> choose_proposals(const RpnOutput& output, const std::vector<ImageSize>& images,
                                            const RpnOptions& options, bool training);

}  // namespace skysense
