#include "boxes/upright_boxes.h"

#include <ATen/ops/stack.h>

namespace skysense {

torch::Tensor box_areas(const torch::Tensor& boxes) {
  return (boxes.select(1, 2) - boxes.select(1, 0)).clamp_min(0) *
         (boxes.select(1, 3) - boxes.select(1, 1)).clamp_min(0);
}

torch::Tensor clip_boxes(const torch::Tensor& boxes, double height, double width) {
  return at::stack({boxes.select(1, 0).clamp(0, width), boxes.select(1, 1).clamp(0, height),
                    boxes.select(1, 2).clamp(0, width), boxes.select(1, 3).clamp(0, height)},
                   1);
}

torch::Tensor sides_at_least(const torch::Tensor& boxes, double least) {
  const auto sides = boxes.size(1) == 5 ? boxes.slice(1, 2, 4) : boxes.slice(1, 2) - boxes.slice(1, 0, 2);
  return (sides >= least).all(1);
}

}  // namespace skysense
