#pragma once

#include <torch/types.h>

#include "data/ground_box.h"

namespace skysense {

/// Which ground a view's cells show, so that two views of a place can be compared at the same ground points (the
/// pixel pairs of paper Eq. 7). Ground coordinates are those of GroundBox: cells from the place's upper-left corner.

/// Ground coordinates (x, y) of the centres of a gh x gw grid laid over the moved view -> [gh, gw, 2] float64.
torch::Tensor cell_ground_points(const GroundBox& box, int64_t transform, int64_t grid_height, int64_t grid_width);
/// The same for a batch: boxes [B, 4], transforms [B] -> [B, gh, gw, 2] float64, on the device of `boxes`.
torch::Tensor cell_ground_points(const torch::Tensor& boxes, const torch::Tensor& transforms, int64_t grid_height,
                                 int64_t grid_width);

struct GroundSamples {
  torch::Tensor values;  ///< [B, .., d] in the map's dtype
  torch::Tensor inside;  ///< [B, ..] bool: the point lies in the view's box
};

/// Samples each view's map at ground points, bilinearly between cell centres (beyond the outer centres the nearest cell
/// holds). map [B, gh, gw, d]; boxes [B, 4] and transforms [B] of the views that the map describes; points [B, .., 2]
/// ground coordinates. Differentiable in `map`.
GroundSamples sample_at(const torch::Tensor& map, const torch::Tensor& boxes, const torch::Tensor& transforms,
                        const torch::Tensor& points);

}  // namespace skysense
