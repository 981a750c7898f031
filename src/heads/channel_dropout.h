#pragma once

#include <torch/types.h>

#include <optional>

#include "model/drop_path.h"

namespace skysense {

/// Dropout of whole channels before a classifier (mmsegmentation's Dropout2d): map [B, C, ...] -> the same shape, each
/// channel of each row 0 with probability `rate`, the others scaled by 1 / (1 - rate). What is drawn follows from the
/// row's key alone (see RowKeys). Throws c10::ValueError for a rate above 0 without B keys.
torch::Tensor drop_channels(const torch::Tensor& map, double rate, const std::optional<RowKeys>& keys);

}  // namespace skysense
