#include "boxes/rotated_iou_tensors.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/where.h>

namespace skysense {
namespace {

struct Point {
  torch::Tensor x, y;
};

torch::Tensor clamp(const torch::Tensor& value, const torch::Tensor& limit) {
  return at::maximum(at::minimum(value, limit), -limit);
}

/// `value` where it is not 0, else 1: divisors of what is 0 as well.
torch::Tensor without_zeros(const torch::Tensor& value) { return value.masked_fill(value == 0, 1); }

/// See `along` in rotated_overlap.cc.
torch::Tensor along(const Point& p, const Point& q, const torch::Tensor& slope, const torch::Tensor& width,
                    const torch::Tensor& height) {
  const auto from = clamp(p.x, width), to = clamp(q.x, width);
  const auto first = p.y + (from - p.x) * slope, last = q.y + (to - q.x) * slope;
  const auto low = clamp(first, height), high = clamp(last, height);
  const auto change = high - low;
  const auto share = (0.5 * change + (last - high)) / without_zeros(last - first);
  return (to - from) * (low + change * share);
}

}  // namespace

torch::Tensor rotated_iou_by_tensors(const torch::Tensor& first, const torch::Tensor& second, OverlapOf of) {
  const at::NoGradGuard no_gradients;
  const auto a = first.to(at::kDouble), b = second.to(at::kDouble);
  const auto half = [](const torch::Tensor& boxes, int64_t side) { return boxes.select(-1, side).clamp_min(0) / 2; };
  // 0 times what is not finite is NaN.
  const auto area = [&](const torch::Tensor& boxes) {
    return 4 * half(boxes, 2) * half(boxes, 3) + (0 * boxes).sum(-1);
  };
  const auto shift_x = b.select(-1, 0) - a.select(-1, 0), shift_y = b.select(-1, 1) - a.select(-1, 1);
  const auto cosine_a = a.select(-1, 4).cos(), sine_a = a.select(-1, 4).sin();
  const auto cosine_b = b.select(-1, 4).cos(), sine_b = b.select(-1, 4).sin();
  const auto x = shift_x * cosine_a + shift_y * sine_a, y = shift_y * cosine_a - shift_x * sine_a;
  const auto cosine = cosine_b * cosine_a + sine_b * sine_a, sine = sine_b * cosine_a - cosine_b * sine_a;
  const auto ux = half(b, 2) * cosine, uy = half(b, 2) * sine, vx = -half(b, 3) * sine, vy = half(b, 3) * cosine;
  const Point p0{x - ux - vx, y - uy - vy}, p1{x + ux - vx, y + uy - vy}, p2{x + ux + vx, y + uy + vy},
      p3{x - ux + vx, y - uy + vy};
  const auto u_slope = uy / without_zeros(ux), v_slope = vy / without_zeros(vx);
  const auto width = half(a, 2), height = half(a, 3);
  const auto shared = -(along(p0, p1, u_slope, width, height) + along(p1, p2, v_slope, width, height) +
                        along(p2, p3, u_slope, width, height) + along(p3, p0, v_slope, width, height));
  const auto area_a = area(a), area_b = area(b);
  const auto limited = at::minimum(shared, at::minimum(area_a, area_b)).clamp_min(0);
  const auto whole = of == OverlapOf::kUnion ? area_a + area_b - limited : area_a + 0 * area_b;
  return (limited / whole).masked_fill_(whole <= 0, 0).to(first.scalar_type());
}

}  // namespace skysense
