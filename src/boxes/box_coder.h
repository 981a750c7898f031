#pragma once

#include <torch/types.h>

#include <array>

namespace skysense {

/// Deltas between upright boxes as Faster R-CNN learns them (arXiv 1506.01497, sec. 3.1.2).
struct BoxCoderOptions {
  std::array<double, 4> weights = {1, 1, 1, 1};  ///< factors on dx, dy, dw, dh; torchvision's RoI head: 10, 10, 5, 5
  double largest_ratio = 1000.0 / 16;            ///< limit of a decoded side / the anchor's (torchvision, mmdet)
};

/// boxes and anchors [N, 4] -> [N, 4]: offsets of the centres in sides of the anchor, logarithms of the ratios of the
/// sides, each times its weight. Both need sides above 0.
torch::Tensor encode_boxes(const torch::Tensor& boxes, const torch::Tensor& anchors,
                           const BoxCoderOptions& options = {});

/// The inverse: deltas [N, 4] or, a box a class, [N, K, 4]; anchors [N, 4] -> the shape of the deltas.
torch::Tensor decode_boxes(const torch::Tensor& deltas, const torch::Tensor& anchors,
                           const BoxCoderOptions& options = {});

}  // namespace skysense
