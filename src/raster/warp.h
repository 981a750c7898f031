#pragma once

#include "raster/raster_reader.h"

namespace skysense {

/// RasterReader::read_onto: each cell's centre is carried to the raster's pixels exactly (no approximating grid), so
/// that what a cell receives does not depend on which part of the grid is asked for.
ReadCounts warp_onto(const RasterReader& reader, const TargetGrid& grid, std::span<const int64_t> bands,
                     Resampling resampling, float* values, uint8_t* valid);

}  // namespace skysense
