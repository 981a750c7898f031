#pragma once

#include "synth/scene.h"

namespace skysense::synth {

/// A point of a street, metres.
struct Street {
  uint32_t number;                              ///< tells the streets of a scene apart
  float along, across, half;                    ///< from the street's middle; half its width
  bool marked = true;                           ///< with a centre line
  float to_crossing = 1e9f, crossing_half = 0;  ///< signed, to the middle of the nearest street across; half its width
};

/// Kerb-side cars, a centre line and pavements.
Ground paint_street(const Scene& scene, const Street& street);

/// The nearest lines of a grid of period (pu, pv): signed offsets from them, and which block the point is in.
struct Grid {
  float to_u, to_v;         ///< from the nearest grid line, signed
  uint32_t line_u, line_v;  ///< numbers of these lines
  float in_u, in_v;         ///< within the block
  uint32_t block;

  /// The street along v, or along u, of a scene with streets of these half-widths.
  Street street_along_v(float v, float half_u, float half_v, bool marked) const {
    return {line_u, v, to_u, half_u, marked, to_v, half_v};
  }
  Street street_along_u(float u, float half_u, float half_v, bool marked) const {
    return {line_v, u, to_v, half_v, marked, to_u, half_u};
  }
};
Grid grid_at(uint32_t seed, Local p, float pu, float pv);

}  // namespace skysense::synth
