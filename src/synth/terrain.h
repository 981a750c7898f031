#pragma once

#include <cstdint>
#include <vector>

#include "synth/noise.h"
#include "synth/world.h"

namespace skysense::synth {

/// The lie of the land at the corners of 10 m cells of a square.
///
/// Valleys are the level lines of a winding field, and the ground rises with the distance from them: so every slope
/// drains to a stream, and streams join. Mountains and plains alternate over some tens of kilometres.
struct Terrain {
  int64_t corners = 0;             ///< a side
  std::vector<float> altitude_m;   ///< [corners, corners]
  std::vector<float> from_valley;  ///< [corners, corners] signed, 0 in the middle of a valley; about 1 on the ridges

  /// A corner field at a point, in cells from the first corner; bilinear.
  float at(const std::vector<float>& field, float column, float row) const {
    const int32_t x = floor_int(column), y = floor_int(row);
    const float fx = column - static_cast<float>(x), fy = row - static_cast<float>(y);
    const float* corner = field.data() + y * corners + x;
    const float top = corner[0] + (corner[1] - corner[0]) * fx;
    const float bottom = corner[corners] + (corner[corners + 1] - corner[corners]) * fx;
    return top + (bottom - top) * fy;
  }
};

/// The corners of `cells` x `cells` cells whose first is at (east, south) in cells of the zone's plane.
Terrain terrain_of(uint64_t seed, const Zone& zone, int64_t cell_east, int64_t cell_south, int64_t cells);

/// The climate of a point of a zone.
struct Climate {
  float latitude_deg = 0;  ///< distance from the equator
  float humidity = 0.5f;   ///< 0 desert, 1 rain forest; it changes over some hundred kilometres

  /// Mean air temperature in degrees Celsius at an altitude on a day of the local year (1: the middle of winter is
  /// near).
  float temperature_c(float altitude_m, float day) const;
  /// Share of the ground under snow.
  float snow(float altitude_m, float day) const { return 1 - smooth_step(-4, 1, temperature_c(altitude_m, day)); }
};
Climate climate_at(uint64_t seed, const Zone& zone, int64_t east_m, int64_t south_m);

}  // namespace skysense::synth
