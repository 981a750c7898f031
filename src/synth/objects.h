#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "synth/noise.h"

namespace skysense::synth {

/// What stands on the ground one by one: the classes of the boxes.
enum class ObjectClass : uint8_t {
  kNone,
  kBuilding,
  kSmallVehicle,
  kLargeVehicle,
  kShip,
  kBoat,
  kAircraft,
  kStorageTank,
  kContainer,
  kSwimmingPool,
  kBridge,
  kSportsField,
  kCount
};
inline constexpr int kObjectClasses = static_cast<int>(ObjectClass::kCount) - 1;  // without kNone
/// Names of the classes from kBuilding on.
inline constexpr std::array<std::string_view, kObjectClasses> kObjectClassNames = {
    "building",     "small-vehicle", "large-vehicle", "ship",   "boat",        "aircraft",
    "storage-tank", "container",     "swimming-pool", "bridge", "sports-field"};

/// Which object each pixel of a square belongs to.
struct ObjectMap {
  struct Traits {
    ObjectClass kind = ObjectClass::kNone;
    Direction axis{0, 0};  ///< of one of its sides; (0, 0) where unknown
  };
  int64_t side = 0;                             ///< pixels
  std::vector<uint32_t> id;                     ///< [side, side]; 0: none
  std::unordered_map<uint32_t, Traits> traits;  ///< of the ids
};

/// A point of an image: columns to the right and rows downwards from the upper-left corner of its first pixel.
struct PixelPoint {
  float x = 0, y = 0;
};

/// One object as it shows in an image.
struct VisibleObject {
  ObjectClass kind = ObjectClass::kNone;
  std::array<PixelPoint, 4> corners;  ///< of its oriented box, clockwise in the image; the first side is a long one
  int64_t pixels = 0;                 ///< that it covers within the image
  bool truncated = false;             ///< it goes on beyond the image's edge, and the box bounds the part inside
};

/// The objects within `border` pixels of a map's edges, those outside of which only tell what is truncated, in the
/// order of their first pixels. A box is the smallest rectangle along the object's axis, or of any direction where that
/// is unknown, and keeps to the object's edges within a pixel. `border` at least 1.
std::vector<VisibleObject> visible_objects(const ObjectMap& map, int64_t border);

/// Of a few pixels at the edge nobody could tell what they belong to: evaluation leaves such an object out.
bool is_difficult(const VisibleObject& object);

}  // namespace skysense::synth
