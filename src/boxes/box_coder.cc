#include "boxes/box_coder.h"

#include <ATen/ops/stack.h>

#include <cmath>

#include "boxes/box_tensors.h"

namespace skysense {
namespace {

struct CentreForm {
  torch::Tensor x, y, width, height;
};

CentreForm centre_form(const torch::Tensor& boxes) {
  const auto width = boxes.select(1, 2) - boxes.select(1, 0), height = boxes.select(1, 3) - boxes.select(1, 1);
  return {boxes.select(1, 0) + 0.5 * width, boxes.select(1, 1) + 0.5 * height, width, height};
}

}  // namespace

torch::Tensor encode_boxes(const torch::Tensor& boxes, const torch::Tensor& anchors, const BoxCoderOptions& options) {
  check_boxes(boxes, 4, "encode_boxes");
  check_boxes(anchors, 4, "encode_boxes");
  const auto& weights = options.weights;
  const CentreForm box = centre_form(boxes), anchor = centre_form(anchors);
  return at::stack({weights[0] * (box.x - anchor.x) / anchor.width, weights[1] * (box.y - anchor.y) / anchor.height,
                    weights[2] * (box.width / anchor.width).log(), weights[3] * (box.height / anchor.height).log()},
                   1);
}

torch::Tensor decode_boxes(const torch::Tensor& deltas, const torch::Tensor& anchors, const BoxCoderOptions& options) {
  check_boxes(anchors, 4, "decode_boxes");
  check_deltas(deltas, anchors, 4, "decode_boxes");
  const auto& weights = options.weights;
  const double limit = std::log(options.largest_ratio);
  CentreForm anchor = centre_form(anchors);
  if (deltas.dim() == 3) {
    for (auto* part : {&anchor.x, &anchor.y, &anchor.width, &anchor.height}) *part = part->unsqueeze(1);
  }
  const auto x = deltas.select(-1, 0) / weights[0] * anchor.width + anchor.x;
  const auto y = deltas.select(-1, 1) / weights[1] * anchor.height + anchor.y;
  const auto half_width = 0.5 * (deltas.select(-1, 2) / weights[2]).clamp_max(limit).exp() * anchor.width;
  const auto half_height = 0.5 * (deltas.select(-1, 3) / weights[3]).clamp_max(limit).exp() * anchor.height;
  return at::stack({x - half_width, y - half_height, x + half_width, y + half_height}, -1);
}

}  // namespace skysense
