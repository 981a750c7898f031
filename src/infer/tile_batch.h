#pragma once

#include <torch/types.h>

#include "infer/feature_extractor.h"
#include "infer/region_reader.h"
#include "infer/tiling.h"

namespace skysense {

/// How many images of each modality are valid somewhere in each pixel of the output, and which: [times, kModalityCount
/// + images, rows * divisions, columns * divisions] uint8 for a region of rows x columns cells. The counts come first,
/// 255 standing for more too, then 0 or 1 of each image of the time, by modality and date; a time with fewer of them
/// than another has 0 in the rest. Throws c10::ValueError for images that are no whole number of pixels a cell.
torch::Tensor count_images(const Region& region, int64_t rows, int64_t columns, int64_t divisions);

/// Cuts the region of one group (Tiling::cells) into its tiles, row by row.
TileBatch cut_tiles(const Region& region, const Tiling& tiling, const TileGroup& group);

/// The numbers in the group [kept] of those tiles that count: that the tiling does not leave out and that have a pixel
/// of `seen` [group_height * divisions, group_width * divisions] bool.
torch::Tensor tiles_that_count(const torch::Tensor& seen, const Tiling& tiling, const TileGroup& group,
                               int64_t divisions);

/// Some tiles of a batch by their numbers, int64 [kept].
TileBatch choose_tiles(const TileBatch& batch, const torch::Tensor& numbers);

/// The weighted sum of a group's tiles on the output's pixels, `divisions` a cell side:
/// features [B, d, tile * divisions, tile * divisions] -> [d, group_height * divisions, group_width * divisions].
/// Adding the sums of all groups that touch a cell gives its blended feature, because the weights sum to 1.
torch::Tensor blend_tiles(const torch::Tensor& features, const Tiling& tiling, const TileGroup& group,
                          int64_t divisions);

}  // namespace skysense
