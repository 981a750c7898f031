#pragma once

#include "synth/sensors.h"

namespace skysense::synth {

/// By how much an image lies off the ground, in 10 m pixels to the east and south.
struct Offset {
  float east = 0, south = 0;
};

/// The offset of one acquisition: each component up to `most` pixels either way, `most` at most 1.
Offset offset_of(const RegionStyle& style, int day, int32_t sensor, float most);

// An image of a square with one more cell on each side, resampled bilinearly to where a product that is off by `offset`
// has its pixels, without these cells. A pixel is clear where all that it is made of are.
MsImage misregistered(const MsImage& bordered, Offset offset);
SarImage misregistered(const SarImage& bordered, Offset offset);

}  // namespace skysense::synth
