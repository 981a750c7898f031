#pragma once

#include <torch/types.h>

#include "datasets/dataset_listing.h"
#include "datasets/image_source.h"

namespace skysense {

/// Sides of a label; of vectors, those of `grid`. Throws DataError naming the file.
RasterSize label_size(const LabelFile& label, const TargetGrid& grid, OpenArrays& arrays);

/// Classes [h, w] int64 of a window inside the label; -1 where the coding or the file's own nodata says so. `classes`
/// names them, for vectors; `grid` is what vectors are drawn on. Throws DataError naming the file, and the first value
/// and pixel that stands for no class.
torch::Tensor read_label(const LabelFile& label, const LabelCoding& coding, const std::vector<std::string>& classes,
                         const TargetGrid& grid, const PixelWindow& window, OpenArrays& arrays);

}  // namespace skysense
