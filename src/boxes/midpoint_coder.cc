#include "boxes/midpoint_coder.h"

#include <ATen/ops/atan2.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>

#include <cmath>
#include <limits>

#include "boxes/box_tensors.h"
#include "boxes/rotated_boxes.h"

namespace skysense {
namespace {

constexpr double kTiePixels = 0.1;

/// The largest of `values` [N, 4] among corners whose `distance` [N, 4] is within a tie of 0 -> [N].
torch::Tensor largest_where_near(const torch::Tensor& values, const torch::Tensor& distance) {
  return values.masked_fill(distance > kTiePixels, -std::numeric_limits<double>::infinity()).amax(1);
}

}  // namespace

torch::Tensor encode_midpoints(const torch::Tensor& boxes, const torch::Tensor& anchors,
                               const MidpointCoderOptions& options) {
  check_boxes(boxes, 5, "encode_midpoints");
  check_boxes(anchors, 4, "encode_midpoints");
  // Relative to the box' centre, so that large coordinates lose nothing.
  const auto corners = rotated_corners(boxes) - boxes.slice(1, 0, 2).unsqueeze(1);
  const auto x = corners.select(2, 0), y = corners.select(2, 1);
  const auto right = x.amax(1), upper = y.amin(1);
  const auto width = 2 * right, height = -2 * upper;
  const auto middle_upper = largest_where_near(x, y - upper.unsqueeze(1));
  const auto middle_right = largest_where_near(y, right.unsqueeze(1) - x);
  const auto anchor_sides = anchors.slice(1, 2) - anchors.slice(1, 0, 2);
  const auto anchor_centre = anchors.slice(1, 0, 2) + anchor_sides / 2;
  const auto shift = (boxes.slice(1, 0, 2) - anchor_centre) / anchor_sides;
  const auto deltas =
      at::stack({shift.select(1, 0), shift.select(1, 1), (width / anchor_sides.select(1, 0)).log(),
                 (height / anchor_sides.select(1, 1)).log(), middle_upper / width, middle_right / height},
                1);
  return deltas / deviations_like(options.deviations, deltas);
}

torch::Tensor decode_midpoints(const torch::Tensor& deltas, const torch::Tensor& anchors,
                               const MidpointCoderOptions& options) {
  check_boxes(anchors, 4, "decode_midpoints");
  check_deltas(deltas, anchors, 6, "decode_midpoints");
  TORCH_CHECK_VALUE(deltas.dim() == 2, "decode_midpoints: deltas [N, 6] are wanted, not ", deltas.sizes());
  const double limit = std::log(options.largest_ratio);
  const auto plain = deltas * deviations_like(options.deviations, deltas);
  const auto anchor_sides = anchors.slice(1, 2) - anchors.slice(1, 0, 2);
  const auto centre = anchors.slice(1, 0, 2) + (plain.slice(1, 0, 2) + 0.5) * anchor_sides;
  const auto sides = anchor_sides * plain.slice(1, 2, 4).clamp(-limit, limit).exp();
  const auto middles = plain.slice(1, 4).clamp(-0.5, 0.5) * sides;
  // From the centre to the corners on the upper and on the right side; the other two lie opposite.
  const auto upper = at::stack({middles.select(1, 0), -sides.select(1, 1) / 2}, 1);
  const auto right = at::stack({sides.select(1, 0) / 2, middles.select(1, 1)}, 1);
  const auto upper_length = upper.norm(2, 1, true), right_length = right.norm(2, 1, true);
  const auto longest = at::maximum(upper_length, right_length);
  const auto a = upper * (longest / upper_length), b = right * (longest / right_length);
  const auto along = b - a, across = b + a;  // sides of the rectangle: from the upper to the right corner, and beyond
  const auto angle = at::atan2(along.select(1, 1), along.select(1, 0));
  return to_le90(at::stack({centre.select(1, 0), centre.select(1, 1), along.norm(2, 1), across.norm(2, 1), angle}, 1));
}

}  // namespace skysense
