#pragma once

#include <torch/types.h>

#include "boxes/overlap_of.h"

namespace skysense {

/// The overlap of every upright box of `first` with every one of `second`, pixels x1, y1, x2, y2: [N, 4], [M, 4] ->
/// [N, M] in [0, 1], as torchvision's box_iou; but 0, not NaN, where there is no area to divide by. float32 or float64,
/// both alike; on the CPU threaded, elsewhere by tensor operations. No gradients. Throws c10::ValueError for other
/// shapes or types.
torch::Tensor box_iou(const torch::Tensor& first, const torch::Tensor& second, OverlapOf of = OverlapOf::kUnion);

}  // namespace skysense
