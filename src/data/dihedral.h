#pragma once

#include <torch/types.h>

namespace skysense {

/// The eight flips and quarter turns of a square image by a code in [0, 8): where code & 4, mirror left and right;
/// then turn counter-clockwise by 90 degrees (code & 3) times, as torch.rot90 does.
inline constexpr int64_t kDihedralCodes = 8;

/// image [.., H, W] -> the moved image, [.., H, W] or [.., W, H].
torch::Tensor apply_dihedral(const torch::Tensor& image, int64_t code);

/// Where a point of the original unit square lands: points [.., 2] (x to the right, y down, both in [0, 1]).
torch::Tensor move_points(const torch::Tensor& points, int64_t code);
/// The inverse of move_points.
torch::Tensor move_points_back(const torch::Tensor& points, int64_t code);

/// The same for a batch, each element by its own code: points [B, N, 2], codes [B] int64 on the points' device. The
/// codes stay there: nothing waits for a GPU.
torch::Tensor move_points(const torch::Tensor& points, const torch::Tensor& codes);
torch::Tensor move_points_back(const torch::Tensor& points, const torch::Tensor& codes);

}  // namespace skysense
