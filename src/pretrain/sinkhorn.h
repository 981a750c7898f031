#pragma once

#include <torch/types.h>

#include "engine/ranks.h"

namespace skysense {

/// The assignment of rows to columns that Sinkhorn-Knopp finds (SwAV, arXiv 2006.09882, sec. 3; paper App. A): from
/// exp(scores), `rounds` times, every column is scaled to the same sum and then every row to 1. In logarithms: no row
/// or column can underflow. Runs without gradient in float32.
/// scores [.., N, K]; rows [.., N] and columns [.., K] bool, those that take part (undefined: all) -> [.., N, K], zero
/// in the others. `ranks` hold further rows of the same matrix.
torch::Tensor sinkhorn(const torch::Tensor& scores, int rounds, const torch::Tensor& rows = {},
                       const torch::Tensor& columns = {}, const Ranks& ranks = alone());

}  // namespace skysense
