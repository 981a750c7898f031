#pragma once

#include <torch/types.h>

#include "boxes/overlap_of.h"

namespace skysense {

/// What rotated_overlap.h computes, by tensor operations in float64, for devices without a kernel of ours: boxes
/// [..., 5] and [..., 5] that can be broadcast -> [...] in the type of the first.
torch::Tensor rotated_iou_by_tensors(const torch::Tensor& first, const torch::Tensor& second, OverlapOf of);

}  // namespace skysense
