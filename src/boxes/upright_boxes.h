#pragma once

#include <torch/types.h>

namespace skysense {

/// Areas of upright boxes [N, 4] -> [N], square pixels; those of boxes turned inside out are 0.
torch::Tensor box_areas(const torch::Tensor& boxes);

/// Upright boxes [N, 4] with their corners moved into an image of `height` x `width` pixels.
torch::Tensor clip_boxes(const torch::Tensor& boxes, double height, double width);

/// bool [N]: whether both sides are at least `least` pixels. Upright [N, 4] or oriented [N, 5].
torch::Tensor sides_at_least(const torch::Tensor& boxes, double least);

}  // namespace skysense
