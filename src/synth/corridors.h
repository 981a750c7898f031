#pragma once

#include <cstdint>
#include <vector>

#include "synth/scene.h"
#include "synth/world.h"

namespace skysense::synth {

/// Railways from west to east and motorways from north to south, one in every row and column of regions (6.4 km): the
/// ways that run on from scene to scene. They pass over water on bridges, and under harbours and airports.
class Corridors {
 public:
  /// For a square of `side` pixels from pixel (first_column, first_row) of the zone's plane, `per_cell` pixels a 10 m
  /// cell. But for a margin the square lies in one region.
  Corridors(uint64_t seed, const Zone& zone, int64_t first_column, int64_t first_row, int64_t side, int64_t per_cell);

  /// Paints what runs over a pixel of the square, on a scene seen on its day. False where nothing does.
  bool paint(const Scene& scene, int64_t column, int64_t row, Ground& ground) const;

 private:
  /// Where a square's pixel columns or rows lie.
  struct Axis {
    Axis(int64_t first, int64_t side, int64_t per_cell);
    /// The column or row of regions that the square lies in.
    int64_t band() const;
    std::vector<int64_t> place_cm;  ///< of each pixel's centre on the plane
    std::vector<float> in_band_m;   ///< from the start of the pixel's column or row of regions
  };
  /// Where one pixel row or column meets the corridor of the other direction.
  struct Crossing {
    float middle_m = 0;   ///< of the corridor, from the start of its band
    float narrowing = 1;  ///< what a distance in that direction is in distance from the corridor
    float along_m = 0;
    uint32_t id = 0;
  };
  static std::vector<Crossing> crossings(uint32_t seed, const Axis& along, const Axis& across);

  Axis columns_, rows_;
  std::vector<Crossing> railway_;   ///< by column
  std::vector<Crossing> motorway_;  ///< by row
};

}  // namespace skysense::synth
