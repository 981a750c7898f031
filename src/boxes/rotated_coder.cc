#include "boxes/rotated_coder.h"

#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>

#include <cmath>
#include <numbers>

#include "boxes/box_tensors.h"
#include "boxes/rotated_boxes.h"

namespace skysense {

torch::Tensor encode_rotated(const torch::Tensor& boxes, const torch::Tensor& proposals,
                             const RotatedCoderOptions& options) {
  check_boxes(boxes, 5, "encode_rotated");
  check_boxes(proposals, 5, "encode_rotated");
  const auto box = boxes.unbind(1), proposal = proposals.unbind(1);
  const auto cosine = proposal[4].cos(), sine = proposal[4].sin();
  const auto x = box[0] - proposal[0], y = box[1] - proposal[1];
  const auto turn = wrap_angles(box[4] - proposal[4]);
  const auto crosswise = wrap_angles(box[4] - proposal[4] + std::numbers::pi / 2);
  const auto plain = turn.abs() < crosswise.abs();
  const auto width = at::where(plain, box[2], box[3]), height = at::where(plain, box[3], box[2]);
  const auto deltas =
      at::stack({(cosine * x + sine * y) / proposal[2], (cosine * y - sine * x) / proposal[3],
                 (width / proposal[2]).log(), (height / proposal[3]).log(), at::where(plain, turn, crosswise)},
                1);
  return deltas / deviations_like(options.deviations, deltas);
}

torch::Tensor decode_rotated(const torch::Tensor& deltas, const torch::Tensor& proposals,
                             const RotatedCoderOptions& options) {
  check_boxes(proposals, 5, "decode_rotated");
  check_deltas(deltas, proposals, 5, "decode_rotated");
  const double limit = std::log(options.largest_ratio);
  const auto delta = (deltas * deviations_like(options.deviations, deltas)).unbind(-1);
  const auto proposal = (deltas.dim() == 3 ? proposals.unsqueeze(1) : proposals).unbind(-1);
  const auto cosine = proposal[4].cos(), sine = proposal[4].sin();
  const auto along = proposal[2] * delta[0], across = proposal[3] * delta[1];
  const auto width = proposal[2] * delta[2].clamp(-limit, limit).exp();
  const auto height = proposal[3] * delta[3].clamp(-limit, limit).exp();
  return to_le90(at::stack({proposal[0] + along * cosine - across * sine, proposal[1] + along * sine + across * cosine,
                            width, height, proposal[4] + delta[4]},
                           -1));
}

}  // namespace skysense
