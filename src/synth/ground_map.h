#pragma once

#include <cstdint>
#include <vector>

#include "synth/objects.h"
#include "synth/terrain.h"
#include "synth/world.h"

namespace skysense::synth {

/// Where the sun stands while a region is photographed.
struct Sun {
  Direction towards;  ///< in raster axes: x to the east, y to the south
  float slope = 1;    ///< tangent of its elevation
};

/// The ground of a square at HR resolution, in rows from the north, with one more pixel on each side: what a lens
/// needs.
struct GroundMap {
  int64_t side = 0;               ///< pixels of the square
  int64_t per_cell = 8;           ///< pixels a 10 m cell
  std::vector<uint8_t> material;  ///< [side + 2, side + 2] Material
  std::vector<float> brightness;  ///< [side + 2, side + 2] tint times light: 1 is flat lit ground
  std::vector<uint8_t> cover;     ///< [side, side] LandCover; ships and boats count as the water under them
  Terrain terrain;                ///< of the square's 10 m cells

  int64_t stride() const { return side + 2; }
  /// Index of a pixel of the square; -1 and `side` are the border.
  size_t index(int64_t row, int64_t column) const { return static_cast<size_t>((row + 1) * stride() + column + 1); }
};

/// What to paint of the world `seed`, and how it is lit.
struct GroundRequest {
  uint64_t seed = 1;
  Site site;
  int64_t pixels_per_cell = 8;
  Sun sun;
  bool streams = true;        ///< water flows in the valleys
  float day = kReferenceDay;  ///< days from 2023-01-01
};

/// What stands and runs on the ground of a square.
struct GroundDetail {
  ObjectMap objects;  ///< [side + 2, side + 2]: with the border
  WayMap ways;
};

/// Paints the site's scenes, then lights them: slopes towards the sun are bright, and heights cast shadows. Fills
/// `detail` unless it is null.
GroundMap paint_ground(const GroundRequest& request, GroundDetail* detail = nullptr);

}  // namespace skysense::synth
