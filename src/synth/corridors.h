#pragma once

#include <cstdint>
#include <vector>

#include "synth/scene.h"
#include "synth/world.h"

namespace skysense::synth {

/// Railways from west to east and motorways from north to south, one in every 6.4 km: the ways that run on from scene
/// to scene. They pass over water on bridges, and under harbours and airports.
class Corridors {
 public:
  /// For a square of `side` pixels from pixel (first_column, first_row) of the zone's plane, `per_cell` pixels a 10 m
  /// cell.
  Corridors(uint64_t seed, const Zone& zone, int64_t first_column, int64_t first_row, int64_t side, int64_t per_cell);

  /// Paints what runs over a pixel of the square, on a scene seen on its day. False where nothing does.
  bool paint(const Scene& scene, int64_t column, int64_t row, Ground& ground) const;

 private:
  /// Where one pixel row or column meets the corridor of the other direction.
  struct Crossing {
    float middle_m = 0;   ///< from the square's first pixel, across the corridor's general direction
    float narrowing = 1;  ///< what a distance in that direction is in distance from the corridor
    float along_m = 0;    ///< from the start of the square's band of the world
    uint32_t id = 0;
  };
  static std::vector<Crossing> crossings(uint32_t seed, int64_t first_along, int64_t first_across, int64_t side,
                                         int64_t per_cell);

  std::vector<Crossing> railway_;   ///< by column
  std::vector<Crossing> motorway_;  ///< by row
  float gsd_m_ = 1;
};

}  // namespace skysense::synth
