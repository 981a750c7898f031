#include "synth/world.h"

#include <algorithm>
#include <cmath>

#include "core/random.h"
#include "data/epoch_order.h"

namespace skysense::synth {
namespace {

// Blocks lie within 102 km of a zone's central meridian and 6,553 km of the equator (about 59 degrees).
constexpr int64_t kZones = 60, kBlocksEast = 4, kBlocksSouth = 128;
constexpr int64_t kBlocks = 2 * kZones * kBlocksEast * kBlocksSouth;
constexpr int64_t kTurn = 5;  // of five blocks three are for training, one each for validation and test
constexpr std::array<int64_t, 3> kBlocksATurn = {3, 1, 1}, kFirstOfTurn = {0, 3, 4};
constexpr int64_t kInner = kBlockRegions - 2;
constexpr int64_t kFirstRegionEast = 62;  // 396.8 km

uint64_t region_seed(uint64_t seed, const Zone& zone, int64_t region_east, int64_t region_south) {
  return mix(mix(zone_seed(seed, zone), static_cast<uint64_t>(region_east)), static_cast<uint64_t>(region_south));
}

/// Each region holds every class at least once; the other cells are drawn.
SceneClass kind_in_region(uint64_t region, int64_t cell) {
  const int64_t rank = EpochOrder(region, 0, kRegionScenes * kRegionScenes).place(cell);
  if (rank < kSceneClasses) return static_cast<SceneClass>(rank);
  return static_cast<SceneClass>(mix(region, static_cast<uint64_t>(cell)) % kSceneClasses);
}

/// Regions of a split.
int64_t region_count(Split split) {
  return kBlocks / kTurn * kBlocksATurn[static_cast<size_t>(split)] * kInner * kInner;
}

}  // namespace

int64_t site_count(Split split, int64_t kinds) { return region_count(split) * kinds; }

uint64_t zone_seed(uint64_t seed, const Zone& zone) {
  return mix(seed, static_cast<uint64_t>(zone.number) * 2 + (zone.southern ? 1 : 0));
}

Site site_of(uint64_t seed, int64_t number, Split split, int64_t side_m, std::span<const SceneClass> kinds) {
  const auto which = static_cast<size_t>(split);
  // All regions once with one class each, then all with the next class, and so on.
  const int64_t regions = region_count(split), round = number / regions;
  const int64_t rank = number % regions, drawn = EpochOrder(mix(seed, which), 1, regions).place(rank);
  const int64_t region = drawn % (kInner * kInner), turn = drawn / (kInner * kInner), blocks = kBlocksATurn[which];
  const int64_t position =
      turn / blocks * kTurn + kFirstOfTurn[which] + turn % blocks;  // in the shuffled order of blocks
  int64_t block = EpochOrder(seed, 2, kBlocks).place(position);
  const auto take = [&block](int64_t count) {
    const int64_t digit = block % count;
    block /= count;
    return digit;
  };
  Site site;
  site.zone = {.number = static_cast<int>(take(kZones)) + 1, .southern = take(2) == 1};
  const int64_t block_east = take(kBlocksEast), block_south = take(kBlocksSouth);
  const int64_t region_east = kFirstRegionEast + block_east * kBlockRegions + 1 + region % kInner;
  // Northern zones run from the equator to the north (south falls), southern ones from it to the south.
  const int64_t equator = site.zone.southern ? 0 : kNorthingOfSouthZero / kRegionMetres - kBlocksSouth * kBlockRegions;
  const int64_t region_south = equator + block_south * kBlockRegions + 1 + region / kInner;
  site.kind = kinds[static_cast<size_t>(rank + round) % kinds.size()];
  site.side_m = side_m;

  const uint64_t here = region_seed(seed, site.zone, region_east, region_south);
  int64_t cell = 0;
  while (kind_in_region(here, cell) != site.kind) ++cell;
  const int64_t centre_east = cell % kRegionScenes * kSceneMetres + kSceneMetres / 2;
  const int64_t centre_south = cell / kRegionScenes * kSceneMetres + kSceneMetres / 2;
  const auto corner = [&](int64_t centre) {
    return std::clamp<int64_t>((centre - side_m / 2) / 10 * 10, 0, kRegionMetres - side_m);
  };
  site.east_m = region_east * kRegionMetres + corner(centre_east);
  site.south_m = region_south * kRegionMetres + corner(centre_south);
  return site;
}

Scene scene_at(uint64_t seed, const Zone& zone, int64_t cell_east, int64_t cell_south) {
  const int64_t region_east = floor_div(cell_east, kRegionScenes), region_south = floor_div(cell_south, kRegionScenes);
  const uint64_t region = region_seed(seed, zone, region_east, region_south);
  const int64_t cell =
      (cell_south - region_south * kRegionScenes) * kRegionScenes + cell_east - region_east * kRegionScenes;
  return make_scene(kind_in_region(region, cell),
                    static_cast<uint32_t>(mix(region, 1000 + static_cast<uint64_t>(cell))));
}

uint32_t region_hash(uint64_t seed, const Zone& zone, int64_t east_m, int64_t south_m) {
  return static_cast<uint32_t>(
      region_seed(seed, zone, floor_div(east_m, kRegionMetres), floor_div(south_m, kRegionMetres)) >> 32);
}

LonLat lonlat_of(const Zone& zone, double east_m, double northing_m) {
  // Snyder, Map Projections: A Working Manual (1987), eqs. 8-17 to 8-25.
  constexpr double kA = 6378137.0, kE2 = 0.00669437999014, kScale = 0.9996, kRadians = M_PI / 180;
  const double prime = kE2 / (1 - kE2), root = std::sqrt(1 - kE2), e1 = (1 - root) / (1 + root);
  const double arc = (zone.southern ? northing_m - 1e7 : northing_m) / kScale;
  const double mu = arc / (kA * (1 - kE2 / 4 - 3 * kE2 * kE2 / 64 - 5 * kE2 * kE2 * kE2 / 256));
  const double foot = mu + (3 * e1 / 2 - 27 * e1 * e1 * e1 / 32) * std::sin(2 * mu) +
                      21 * e1 * e1 / 16 * std::sin(4 * mu) + 151 * e1 * e1 * e1 / 96 * std::sin(6 * mu);
  const double c = prime * std::cos(foot) * std::cos(foot), t = std::tan(foot) * std::tan(foot);
  const double sine = 1 - kE2 * std::sin(foot) * std::sin(foot);
  const double n = kA / std::sqrt(sine), r = kA * (1 - kE2) / (sine * std::sqrt(sine)),
               d = (east_m - 500000) / (n * kScale);
  const double latitude =
      foot - n * std::tan(foot) / r * (d * d / 2 - (5 + 3 * t + 10 * c - 4 * c * c - 9 * prime) * d * d * d * d / 24);
  const double longitude = (d - (1 + 2 * t + c) * d * d * d / 6) / std::cos(foot);
  return {zone.number * 6 - 183 + longitude / kRadians, latitude / kRadians};
}

}  // namespace skysense::synth
