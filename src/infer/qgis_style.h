#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace skysense {

/// A style file (QML) by which QGIS shows a class map of one byte a pixel with its names and colours; it is read where
/// it lies beside the raster under its name.
std::string qgis_style(const std::vector<std::string>& names, const std::vector<std::array<uint8_t, 3>>& colours);

/// The same for polygons with a class's name in the column `name` and a `score`: outlines in the classes' colours,
/// labelled with both.
std::string qgis_outline_style(const std::vector<std::string>& names,
                               const std::vector<std::array<uint8_t, 3>>& colours);

}  // namespace skysense
