#include "detection/any_boxes.h"

#include "boxes/rotated_boxes.h"
#include "boxes/rotated_iou.h"

namespace skysense {
namespace {

constexpr int64_t kUprightNumbers = 4;

}  // namespace

torch::Tensor overlaps_of(const torch::Tensor& first, const torch::Tensor& second, OverlapOf of) {
  return first.size(1) == kUprightNumbers ? box_iou(first, second, of) : rotated_iou(first, second, of);
}

torch::Tensor upright_bounds(const torch::Tensor& boxes) {
  return boxes.size(1) == kUprightNumbers ? boxes : rotated_to_upright(boxes);
}

}  // namespace skysense
