#pragma once

#include <torch/types.h>

namespace skysense {

/// Features [N, h, w, d] on another grid over the same ground: [N, height, width, d]. An axis that shrinks is averaged
/// over the area of each cell, one that grows is interpolated linearly between cell centres (DESIGN 6).
torch::Tensor resize_grid(const torch::Tensor& features, int64_t height, int64_t width);

}  // namespace skysense
