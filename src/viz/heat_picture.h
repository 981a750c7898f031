#pragma once

#include <vector>

#include "viz/picture.h"

namespace skysense {

/// A raster of weights, rows from top to bottom.
struct HeatMap {
  int64_t width = 0, height = 0;
  std::vector<float> values;  ///< width * height, at least 0
};

/// The colour of a share in [0, 1] of the largest weight: from black over violet, red and orange to pale yellow, ever
/// lighter (after matplotlib's "inferno").
Colour heat_colour(double share);

/// The map over a darkened grey copy of the picture, stretched to its sides bilinearly, each place the more opaque the
/// larger its weight. Values count as shares of the map's largest one. Throws std::logic_error for an empty map or
/// another number of values.
Picture heat_picture(const Picture& ground, const HeatMap& map);

}  // namespace skysense
