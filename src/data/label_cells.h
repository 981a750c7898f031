#pragma once

#include <torch/types.h>

#include <utility>

#include "data/ground_box.h"

namespace skysense {

/// The classes of a view's cells, for the alignment with text (DESIGN 6, ITA): of each cell the class that most of the
/// label's pixels in it have (those whose centres lie there; the pixel under the cell's centre where there is none). No
/// label, -1, counts like a class, and the smaller number wins a tie.
/// label [H, W] int64 covers the whole place, which is `ground` cells wide and high (data/ground_box.h); `box` and
/// `transform` are the view's -> [cells, cells] int64.
torch::Tensor label_cells(const torch::Tensor& label, const std::pair<double, double>& ground, const GroundBox& box,
                          int64_t transform, int64_t cells);

}  // namespace skysense
