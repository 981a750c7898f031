#pragma once

#include <torch/types.h>

#include <array>

namespace skysense {

/// Deltas between oriented boxes: offsets along the proposal's own axes, ratios of sides and the turn between them;
/// mmrotate's DeltaXYWHAOBBoxCoder with edge_swap and proj_xy, as its Oriented R-CNN uses it.
struct RotatedCoderOptions {
  std::array<double, 5> deviations = {0.1, 0.1, 0.2, 0.2, 0.1};  ///< what dx, dy, dw, dh, da are divided by
  double largest_ratio = 1000.0 / 16;                            ///< limit of a decoded side / the proposal's
};

/// boxes and proposals [N, 5] -> [N, 5]. Where the box' short side lies nearer to the proposal's width than its long
/// one, the sides are compared crosswise: no turn is beyond 45 degrees. The sides need to be above 0.
torch::Tensor encode_rotated(const torch::Tensor& boxes, const torch::Tensor& proposals,
                             const RotatedCoderOptions& options = {});

/// The inverse: deltas [N, 5] or, a box a class, [N, K, 5]; proposals [N, 5] -> the shape of the deltas, in le90.
torch::Tensor decode_rotated(const torch::Tensor& deltas, const torch::Tensor& proposals,
                             const RotatedCoderOptions& options = {});

}  // namespace skysense
