#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace skysense {

/// Writes the patches of one class of a class map (its first band) as polygons along the pixels' edges, with the
/// columns `class` (number) and `name`; pixels without data are left out. 4-connected; a GeoPackage with the layer
/// `classes` in the raster's CRS. The raster is read row by row: memory grows with the patches under way. Returns the
/// number of polygons. Throws DataError.
int64_t write_class_polygons(const std::filesystem::path& map, const std::vector<std::string>& names,
                             const std::filesystem::path& output);

}  // namespace skysense
