#pragma once

#include <torch/types.h>

#include <array>

namespace skysense {

/// Oriented boxes as six offsets from an upright anchor: the upright box around them and where they touch the middle of
/// its upper and its right side (Oriented R-CNN, arXiv 2108.05699, sec. 3.1.1).
struct MidpointCoderOptions {
  std::array<double, 6> deviations = {1, 1, 1, 1, 0.5, 0.5};  ///< what dx, dy, dw, dh, da, db are divided by (mmrotate)
  double largest_ratio = 1000.0 / 16;                         ///< limit of a decoded side / the anchor's
};

/// Oriented boxes [N, 5] and anchors [N, 4] -> [N, 6]. Of two corners within 0.1 pixels of the upper side the right one
/// counts, of two at the right side the lower one (mmrotate): upright boxes have one code.
torch::Tensor encode_midpoints(const torch::Tensor& boxes, const torch::Tensor& anchors,
                               const MidpointCoderOptions& options = {});

/// deltas [N, 6] and anchors [N, 4] -> [N, 5] in le90: the parallelogram that the offsets tell, its shorter diagonal
/// stretched to the length of the longer one, which makes it a rectangle.
torch::Tensor decode_midpoints(const torch::Tensor& deltas, const torch::Tensor& anchors,
                               const MidpointCoderOptions& options = {});

}  // namespace skysense
