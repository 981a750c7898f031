#pragma once

#include <torch/types.h>

namespace skysense {

// Oriented boxes are [N, 5]: centre x, centre y, width, height in pixels, angle in radians from the x axis towards the
// y axis (clockwise on the screen). "le90" as mmrotate names it: the width is the long side, the angle that of the long
// side in [-pi/2, pi/2).

/// The angles in [-pi/2, pi/2): the same line, not the same arrow.
torch::Tensor wrap_angles(const torch::Tensor& angles);

/// The same rectangles in le90.
torch::Tensor to_le90(const torch::Tensor& boxes);

/// Upright boxes [N, 4] as oriented ones in le90.
torch::Tensor upright_to_rotated(const torch::Tensor& boxes);

/// The smallest upright boxes [N, 4] around oriented ones.
torch::Tensor rotated_to_upright(const torch::Tensor& boxes);

/// [N, 4, 2] x, y: from the corner at minus half the width and minus half the height, clockwise on the screen; the
/// first side runs along the width.
torch::Tensor rotated_corners(const torch::Tensor& boxes);

}  // namespace skysense
