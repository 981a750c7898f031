#pragma once

#include <cstdint>
#include <span>

#include "synth/scene.h"

namespace skysense::synth {

// The world is the plane of each UTM zone and hemisphere, in whole metres: east = easting, south = 10,000 km - northing
// (so that rows of a raster run with it). It is tiled by scene cells; 5 x 5 of them are a region, photographed at once
// and styled alike; 8 x 8 regions are a block, which belongs to one split. Places lie in the inner 6 x 6 regions of a
// block, so that two places of different splits never touch.
inline constexpr int64_t kSceneMetres = 1280;
inline constexpr int64_t kRegionScenes = 5;
inline constexpr int64_t kRegionMetres = kSceneMetres * kRegionScenes;
inline constexpr int64_t kBlockRegions = 8;
inline constexpr int64_t kNorthingOfSouthZero = 10'000'000;

/// One plane of the world.
struct Zone {
  int number = 31;  ///< UTM zone, 1 to 60
  bool southern = false;
};

/// What a block's places are for.
enum class Split : uint8_t { kTrain, kVal, kTest };
inline constexpr std::array<std::string_view, 3> kSplitNames = {"train", "val", "test"};

/// A seed for each plane of the world `seed`.
uint64_t zone_seed(uint64_t seed, const Zone& zone);

/// Where a place lies.
struct Site {
  Zone zone;
  int64_t east_m = 0, south_m = 0;  ///< upper-left corner, multiples of 10
  int64_t side_m = 640;
  SceneClass kind = SceneClass::kRowCrops;

  int64_t northing_m() const { return kNorthingOfSouthZero - south_m; }
};

/// The site of a place by number: the classes of `kinds` (distinct, at least one) take turns, regions are drawn without
/// repetition until all were; then they come again with another class. A side beyond one scene cell is moved to stay
/// within its region. side_m at most kRegionMetres.
Site site_of(uint64_t seed, int64_t number, Split split, int64_t side_m,
             std::span<const SceneClass> kinds = kAllSceneClasses);
/// How many places of so many classes a split has; of all twelve 15,925,248 for training, 5,308,416 each for validation
/// and test.
int64_t site_count(Split split, int64_t kinds = kSceneClasses);

/// The scene of a cell of the lattice; cell (i, j) covers [i, i + 1) x [j, j + 1) scene sides to the east and south.
Scene scene_at(uint64_t seed, const Zone& zone, int64_t cell_east, int64_t cell_south);

/// Hash of the region around a point: the seed of its style.
uint32_t region_hash(uint64_t seed, const Zone& zone, int64_t east_m, int64_t south_m);

/// Degrees of a point of a zone (WGS 84), to about a metre.
struct LonLat {
  double longitude_deg, latitude_deg;
};
LonLat lonlat_of(const Zone& zone, double east_m, double northing_m);

}  // namespace skysense::synth
