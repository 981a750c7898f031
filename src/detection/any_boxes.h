#pragma once

#include <torch/types.h>

#include "boxes/box_iou.h"

namespace skysense {

// What detectors of either kind do with boxes: [N, 4] are upright and [N, 5] oriented, see src/boxes.

/// The overlap of every box of `first` with every one of `second`, both of one kind: [N, M].
torch::Tensor overlaps_of(const torch::Tensor& first, const torch::Tensor& second, OverlapOf of = OverlapOf::kUnion);

/// The smallest upright boxes around them, [N, 4].
torch::Tensor upright_bounds(const torch::Tensor& boxes);

}  // namespace skysense
