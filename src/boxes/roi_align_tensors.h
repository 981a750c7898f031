#pragma once

#include <torch/types.h>

#include "boxes/roi_align.h"

namespace skysense {

/// roi_align by tensor operations, for devices without a kernel of ours; features in float32 or float64, boxes in the
/// same type. With options.samples = 0 every box costs as many samples as the largest one. Differentiable in
/// `features`.
torch::Tensor roi_align_by_tensors(const torch::Tensor& features, const torch::Tensor& boxes,
                                   const torch::Tensor& images, const RoiAlignOptions& options);

}  // namespace skysense
