#pragma once

#include <torch/types.h>

#include "boxes/overlap_of.h"

namespace skysense {

/// The overlap of every oriented box of `first` with every one of `second`, centre x, centre y, width, height (pixels)
/// and angle (radians, from x towards y; any angle): [N, 5], [M, 5] -> [N, M] in [0, 1]. The intersection is exact up
/// to double precision, in a frame centred on the second box (boxes/rotated_overlap.h); 0 where there is no area to
/// divide by or a size is negative, NaN where a number is. float32 or float64, both alike; on the CPU threaded,
/// elsewhere by tensor operations. No gradients. Throws c10::ValueError for other shapes or types.
torch::Tensor rotated_iou(const torch::Tensor& first, const torch::Tensor& second, OverlapOf of = OverlapOf::kUnion);

/// The overlaps of pairs: [N, 5], [N, 5] -> [N].
torch::Tensor paired_rotated_iou(const torch::Tensor& first, const torch::Tensor& second,
                                 OverlapOf of = OverlapOf::kUnion);

}  // namespace skysense
