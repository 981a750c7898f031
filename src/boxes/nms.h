#pragma once

#include <torch/types.h>

namespace skysense {

/// Non-maximum suppression: goes through the boxes by falling score, keeps each that overlaps no kept box of its class
/// by more than `threshold` (IoU), and returns the numbers of the kept ones, int64 [K], by falling score. Equal scores
/// are taken in the order of the boxes and NaN scores last, so that the result is the same everywhere. boxes: upright
/// [N, 4] or oriented [N, 5], float32 or float64, pixels; scores: [N]; classes: integers [N], or undefined: all of one
/// class. Only boxes near each other are compared: 100,000 scattered boxes take a fraction of a second. Computed on the
/// CPU, whose answer goes back to the boxes' device. Upright overlaps are torchvision's nms, to the bit on float32.
/// Throws c10::ValueError for other shapes or types.
torch::Tensor nms(const torch::Tensor& boxes, const torch::Tensor& scores, const torch::Tensor& classes,
                  double threshold);

}  // namespace skysense
