#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace skysense {

/// What a class map holds, class by class.
struct ClassAreas {
  std::vector<int64_t> pixels;
  std::vector<double> hectares;  ///< empty where the map has no coordinate reference system
};

/// Counts a class map's pixels and their ground (raster/pixel_area.h), row by row. Warns where the projection stretches
/// areas by more than 2%.
ClassAreas measure_classes(const std::filesystem::path& map, int64_t classes);

}  // namespace skysense
