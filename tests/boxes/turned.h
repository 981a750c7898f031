#pragma once

#include <ATen/ops/cat.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/stack.h>
#include <torch/types.h>

#include <numbers>

namespace skysense::testing {

/// Boxes on an image of `height` pixels as they lie after the image was turned by 90 degrees clockwise on the screen: a
/// point (x, y) comes to (height - y, x). Oriented boxes [N, 5] keep their sides; angles are not wrapped.
inline torch::Tensor turned(const torch::Tensor& boxes, double height) {
  const auto b = boxes.unbind(1);
  if (boxes.size(1) == 4) return at::stack({height - b[3], b[0], height - b[1], b[2]}, 1);
  return at::stack({height - b[1], b[0], b[2], b[3], b[4] + std::numbers::pi / 2}, 1);
}

/// Feature maps [B, C, H, W] turned in the same way.
inline torch::Tensor turned_map(const torch::Tensor& map) { return map.rot90(-1, {2, 3}); }

/// Random oriented boxes in le90, centres in [0, side)^2, sides in [least, largest], float64.
inline torch::Tensor random_rotated(int64_t count, double side, double least, double largest) {
  const auto random = at::rand({count, 5}, at::kDouble);
  const auto r = random.unbind(1);
  const auto a = r[2] * (largest - least) + least, b = r[3] * (largest - least) + least;
  return at::stack({r[0] * side, r[1] * side, at::maximum(a, b), at::minimum(a, b), (r[4] - 0.5) * std::numbers::pi},
                   1);
}

/// Random upright boxes with corners from [0, side)^2 on, float64.
inline torch::Tensor random_upright(int64_t count, double side, double least, double largest) {
  const auto corner = at::rand({count, 2}, at::kDouble) * side;
  return at::cat({corner, corner + least + at::rand({count, 2}, at::kDouble) * (largest - least)}, 1);
}

}  // namespace skysense::testing
