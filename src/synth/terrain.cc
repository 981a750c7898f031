#include "synth/terrain.h"

namespace skysense::synth {
namespace {

/// Value noise with features of `period`, of whole coordinates: exact however far from the origin.
float noise_at(uint32_t seed, int64_t x, int64_t y, int64_t period) {
  const int64_t ix = floor_div(x, period), iy = floor_div(y, period);
  const auto column = static_cast<int32_t>(ix), row = static_cast<int32_t>(iy);
  const float fx = static_cast<float>(x - ix * period) / static_cast<float>(period);
  const float fy = static_cast<float>(y - iy * period) / static_cast<float>(period);
  const float sx = fx * fx * (3 - 2 * fx), sy = fy * fy * (3 - 2 * fy);
  const float a = unit(lattice_hash(seed, column, row)), b = unit(lattice_hash(seed, column + 1, row));
  const float c = unit(lattice_hash(seed, column, row + 1)), d = unit(lattice_hash(seed, column + 1, row + 1));
  const float top = a + (b - a) * sx, bottom = c + (d - c) * sx;
  return top + (bottom - top) * sy;
}

uint32_t plane_seed(uint64_t seed, const Zone& zone) { return static_cast<uint32_t>(zone_seed(seed, zone)); }

// Periods in cells of 10 m.
constexpr int64_t kMountains = 4096, kHills = 1024, kValleys = 320, kSideValleys = 120, kSlopes = 40, kHumidity = 30000;

}  // namespace

Terrain terrain_of(uint64_t seed, const Zone& zone, int64_t cell_east, int64_t cell_south, int64_t cells) {
  Terrain terrain{.corners = cells + 1, .altitude_m = {}, .from_valley = {}};
  const uint32_t plane = plane_seed(seed, zone);
  for (int64_t y = cell_south; y <= cell_south + cells; ++y) {
    for (int64_t x = cell_east; x <= cell_east + cells; ++x) {
      const float mountains = smooth_step(0.45f, 0.85f, noise_at(plane + 11, x, y, kMountains));
      const float hills = noise_at(plane + 12, x, y, kHills);
      const float main = noise_at(plane + 13, x, y, kValleys) - 0.5f,
                  side = noise_at(plane + 14, x, y, kSideValleys) - 0.5f;
      const float from_valley = 2 * main + 0.5f * side;
      const float rise = absolute(from_valley);
      const float relief = 25 + 140 * hills + 700 * mountains;  // metres from the valleys to the ridges
      const float rough = rise * (noise_at(plane + 15, x, y, kSlopes) - 0.5f);
      terrain.altitude_m.push_back(150 * hills + 1800 * mountains + relief * (rise + 0.15f * rough));
      terrain.from_valley.push_back(from_valley);
    }
  }
  return terrain;
}

Climate climate_at(uint64_t seed, const Zone& zone, int64_t east_m, int64_t south_m) {
  constexpr float kMetresADegree = 110'900;
  const int64_t from_equator = zone.southern ? south_m : kNorthingOfSouthZero - south_m;
  Climate climate;
  climate.latitude_deg = static_cast<float>(from_equator) / kMetresADegree;
  // Dry about the horse latitudes, wet at the equator and in the north.
  const float dry_belt = 1 - smooth_step(4, 16, absolute(climate.latitude_deg - 24));
  const float local = noise_at(plane_seed(seed, zone) + 16, east_m / 10, south_m / 10, kHumidity);
  climate.humidity = clamp01(0.25f + 0.75f * local - 0.4f * dry_belt);
  return climate;
}

float Climate::temperature_c(float altitude_m, float day) const {
  const float mean = 28 - 0.0085f * latitude_deg * latitude_deg;
  // A triangle wave with rounded turns does for the seasons: coldest about day 20.
  float phase = (day - 20) / 365;
  phase -= static_cast<float>(floor_int(phase));
  const float warm = smooth_step(0, 1, phase < 0.5f ? 2 * phase : 2 - 2 * phase);
  return mean + (warm - 0.5f) * 0.5f * latitude_deg - 0.0065f * altitude_m;
}

}  // namespace skysense::synth
