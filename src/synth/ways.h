#pragma once

#include <cstdint>
#include <vector>

#include "synth/objects.h"

namespace skysense::synth {

/// Ways on the ground, which maps draw by their middle.
enum class WayClass : uint8_t { kNone, kMotorway, kRoad, kStreet, kTrack, kRailway, kRunway, kTaxiway, kCount };

/// Where on a way a point lies: metres along it and, signed, from its middle; half its width.
struct OnWay {
  WayClass kind = WayClass::kNone;
  uint32_t id = 0;  ///< tells the ways of a scene apart
  float along = 0, across = 0, half = 0;
};

/// The ways of a square.
struct WayMap {
  struct Middle {
    OnWay way;
    PixelPoint at;  ///< from the upper-left corner of the square
  };
  int64_t side = 0;             ///< pixels
  std::vector<Middle> middles;  ///< pixels that the middle of a way runs through
};

/// The middle of a way as it shows in an image.
struct WayLine {
  WayClass kind = WayClass::kNone;
  float width_m = 0;
  std::vector<PixelPoint> points;  ///< in order
};

/// The ways' middles as lines within half a pixel, broken where something other than a crossing lies on the way.
std::vector<WayLine> way_lines(const WayMap& map);

}  // namespace skysense::synth
