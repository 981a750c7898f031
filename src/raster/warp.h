#pragma once

#include "raster/raster_reader.h"

namespace skysense {

/// The window of the raster's own pixels that a grid is, where its cells coincide with pixels (to a hundredth of one):
/// such a grid is read without resampling. Two sides without a georeference are compared by pixels.
std::optional<PixelWindow> window_of_grid(const RasterReader& reader, const TargetGrid& grid);

/// RasterReader::read_onto: each cell's centre is carried to the raster's pixels exactly (no approximating grid), so
/// that what a cell receives does not depend on which part of the grid is asked for.
ReadCounts warp_onto(const RasterReader& reader, const TargetGrid& grid, std::span<const int64_t> bands,
                     Resampling resampling, float* values, uint8_t* valid);

}  // namespace skysense
