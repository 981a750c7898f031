#include "boxes/rotated_boxes.h"

#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <numbers>

namespace skysense {
namespace {

constexpr double kHalfTurn = std::numbers::pi, kQuarterTurn = std::numbers::pi / 2;

}  // namespace

torch::Tensor wrap_angles(const torch::Tensor& angles) {
  const auto wrapped = angles - (angles / kHalfTurn + 0.5).floor() * kHalfTurn;
  // Rounding may leave an angle on the open end.
  return at::where(wrapped >= kQuarterTurn, wrapped - kHalfTurn, wrapped).clamp_min(-kQuarterTurn);
}

torch::Tensor to_le90(const torch::Tensor& boxes) {
  const auto width = boxes.select(-1, 2), height = boxes.select(-1, 3), angle = boxes.select(-1, 4);
  const auto upright = width >= height;
  return at::stack({boxes.select(-1, 0), boxes.select(-1, 1), at::where(upright, width, height),
                    at::where(upright, height, width), wrap_angles(at::where(upright, angle, angle + kQuarterTurn))},
                   -1);
}

torch::Tensor upright_to_rotated(const torch::Tensor& boxes) {
  const auto corner = boxes.slice(1, 0, 2), opposite = boxes.slice(1, 2);
  const auto centre = (corner + opposite) / 2, sides = opposite - corner;
  const auto x = centre.select(1, 0);
  return to_le90(at::stack({x, centre.select(1, 1), sides.select(1, 0), sides.select(1, 1), at::zeros_like(x)}, 1));
}

torch::Tensor rotated_to_upright(const torch::Tensor& boxes) {
  const auto x = boxes.select(1, 0), y = boxes.select(1, 1), angle = boxes.select(1, 4);
  const auto half_width = boxes.select(1, 2) / 2, half_height = boxes.select(1, 3) / 2;
  const auto cosine = angle.cos().abs(), sine = angle.sin().abs();
  const auto across = half_width * cosine + half_height * sine, down = half_width * sine + half_height * cosine;
  return at::stack({x - across, y - down, x + across, y + down}, 1);
}

torch::Tensor rotated_corners(const torch::Tensor& boxes) {
  const auto centre = boxes.slice(1, 0, 2), angle = boxes.slice(1, 4, 5);
  const auto cosine = angle.cos(), sine = angle.sin();
  const auto along = at::stack({cosine, sine}, 2).squeeze(1) * boxes.slice(1, 2, 3) / 2;
  const auto across = at::stack({-sine, cosine}, 2).squeeze(1) * boxes.slice(1, 3, 4) / 2;
  return at::stack({centre - along - across, centre + along - across, centre + along + across, centre - along + across},
                   1);
}

}  // namespace skysense
