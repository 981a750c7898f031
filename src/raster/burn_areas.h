#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "raster/georeference.h"

namespace skysense {

/// Draws the areas of a vector file (anything OGR opens) onto a grid: a class a cell, row by row. A cell belongs to the
/// area that holds its centre, the later one in the file where several do; others are class 0. `attribute` is the
/// column that holds one of `classes` by name or number; where it is empty every area is class 1. Areas are reprojected
/// to the grid's CRS; a file without a CRS is taken to have it. Throws DataError naming the file: unreadable, without
/// the column, or with a value that is no class; and where the grid has no CRS but the file has one.
std::vector<int64_t> burn_areas(const std::string& path, const std::string& attribute,
                                const std::vector<std::string>& classes, const TargetGrid& grid);

}  // namespace skysense
