#pragma once

#include <torch/types.h>

#include "infer/feature_extractor.h"
#include "infer/region_reader.h"
#include "infer/tiling.h"

namespace skysense {

/// The cells of a region with at least one valid pixel of any image: [rows, columns] bool.
torch::Tensor valid_cells(const RegionImages& region, int64_t rows, int64_t columns);

/// Cuts the region of one group (Tiling::cells) into its tiles, row by row.
TileBatch cut_tiles(const RegionImages& region, const Tiling& tiling, const TileGroup& group);

/// The weighted sum of a group's tiles on its cells: features [B, tile, tile, d] -> [d, group_height, group_width].
/// Adding the sums of all groups that touch a cell gives its blended feature, because the weights sum to 1.
torch::Tensor blend_tiles(const torch::Tensor& features, const Tiling& tiling);

}  // namespace skysense
