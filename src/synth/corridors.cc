#include "synth/corridors.h"

#include <cmath>

#include "core/random.h"

namespace skysense::synth {
namespace {

constexpr int64_t kSpacingCm = 100 * kRegionMetres;    // one corridor of a kind in each row or column of regions
constexpr int64_t kBendCm = 600'000;                   // length of its bends
constexpr float kSwing = 1000;                         // metres to which it leaves its line
constexpr float kRailwayHalf = 5, kMotorwayHalf = 14;  // metres
constexpr float kBridgeHeight = 6;

/// The noise along a line at a whole number of centimetres: exact however far from the origin.
float bend_at(uint32_t seed, int64_t along_cm) {
  const int64_t knot = floor_div(along_cm, kBendCm);
  const float t = static_cast<float>(along_cm - knot * kBendCm) / static_cast<float>(kBendCm);
  const auto value = [&](int64_t i) { return unit(lattice_hash(seed, static_cast<int32_t>(i), 0)); };
  return value(knot) + (value(knot + 1) - value(knot)) * (t * t * (3 - 2 * t));
}

bool goes_under(SceneClass kind) { return kind == SceneClass::kHarbour || kind == SceneClass::kAirport; }

/// Two tracks on ballast.
Ground paint_railway(float across) {
  const float side = absolute(across);
  const bool rail = absolute(absolute(side - 2) - 0.72f) < 0.12f;
  return {rail ? Material::kMetal : Material::kGravel, 0.6f, rail ? 0.5f : side > kRailwayHalf - 1.2f ? 0.8f : 0.6f};
}

/// Two carriageways of two lanes and a hard shoulder each, a planted reserve between them, and what drives there.
Ground paint_motorway(const Scene& scene, uint32_t id, float along, float across) {
  constexpr float kReserve = 2, kLane = 3.75f, kSlot = 26;
  const float side = absolute(across), out = side - kReserve;
  if (out < 0) return {Material::kShrub, 0.8f, 0.9f};
  if (out > 2 * kLane + 3) return {Material::kMeadow, 0, 0.9f};
  const bool lorry_lane = out > kLane && out < 2 * kLane;
  const auto lane = static_cast<int32_t>(out / kLane) + (across > 0 ? 8 : 0);
  const int32_t slot = floor_int(along / kSlot);
  const uint32_t vehicle = lattice_hash(scene.passing(id), slot, lane);
  const bool lorry = lorry_lane && unit(vehicle, 1) < 0.35f;
  const float length = lorry ? 14.0f : 4.5f, width = lorry ? 2.5f : 1.9f;
  const float from_front = along - static_cast<float>(slot) * kSlot - between(1, kSlot - length - 1, unit(vehicle, 2));
  const float from_middle = absolute(out - (static_cast<float>(lane & 7) + 0.5f) * kLane);
  if (out < 2 * kLane && unit(vehicle) < 0.28f && from_front > 0 && from_front < length && from_middle < width / 2) {
    const float paint = unit(vehicle, 3);
    const Ground body{paint < 0.6f ? Material::kPaint : Material::kMetal, lorry ? 3.6f : 1.4f, 0.45f + 0.6f * paint};
    return body.of(lorry ? ObjectClass::kLargeVehicle : ObjectClass::kSmallVehicle, vehicle, {0, 0});
  }
  const bool edge = out < 0.25f || absolute(out - 2 * kLane) < 0.12f;
  const bool dash = absolute(out - kLane) < 0.12f && distance_to_multiple(along, 18) < 3;
  if (edge || dash) return {Material::kPaint, 0, 0.9f};
  return {Material::kAsphalt, 0, 0.95f};
}

}  // namespace

Corridors::Axis::Axis(int64_t first, int64_t side, int64_t per_cell) {
  // Pixels are 10 m / per_cell: in centimetres their places are whole numbers, the same whichever square asks.
  for (int64_t pixel = first; pixel < first + side; ++pixel) {
    const int64_t centre_cm = floor_div(pixel * 1000 + 500, per_cell);
    place_cm.push_back(centre_cm);
    in_band_m.push_back(static_cast<float>(centre_cm - floor_div(centre_cm, kSpacingCm) * kSpacingCm) * 0.01f);
  }
}

int64_t Corridors::Axis::band() const { return floor_div(place_cm[place_cm.size() / 2], kSpacingCm); }

std::vector<Corridors::Crossing> Corridors::crossings(uint32_t seed, const Axis& along, const Axis& across) {
  constexpr int64_t kStepCm = 500;
  constexpr float kMiddle = static_cast<float>(kSpacingCm) * 0.005f;
  const uint32_t id = lattice_hash(seed, static_cast<int32_t>(across.band()), 1) | 1u;
  std::vector<Crossing> line;
  for (size_t pixel = 0; pixel < along.place_cm.size(); ++pixel) {
    const int64_t place_cm = along.place_cm[pixel];
    const float slope = (bend_at(id, place_cm + kStepCm) - bend_at(id, place_cm - kStepCm)) *
                        (2 * kSwing / (0.02f * static_cast<float>(kStepCm)));
    line.push_back({.middle_m = kMiddle + kSwing * (2 * bend_at(id, place_cm) - 1),
                    .narrowing = 1 / std::sqrt(1 + slope * slope),
                    .along_m = along.in_band_m[pixel],
                    .id = id});
  }
  return line;
}

Corridors::Corridors(uint64_t seed, const Zone& zone, int64_t first_column, int64_t first_row, int64_t side,
                     int64_t per_cell)
    : columns_(first_column, side, per_cell), rows_(first_row, side, per_cell) {
  const auto plane = static_cast<uint32_t>(zone_seed(mix(seed, 0x5741), zone));
  railway_ = crossings(plane, columns_, rows_);
  motorway_ = crossings(plane + 1, rows_, columns_);
}

bool Corridors::paint(const Scene& scene, int64_t column, int64_t row, Ground& ground) const {
  const Crossing& railway = railway_[static_cast<size_t>(column)];
  const Crossing& motorway = motorway_[static_cast<size_t>(row)];
  const float from_railway = (rows_.in_band_m[static_cast<size_t>(row)] - railway.middle_m) * railway.narrowing;
  const float from_motorway =
      (columns_.in_band_m[static_cast<size_t>(column)] - motorway.middle_m) * motorway.narrowing;
  const bool on_motorway = absolute(from_motorway) < kMotorwayHalf, on_railway = absolute(from_railway) < kRailwayHalf;
  if ((!on_motorway && !on_railway) || goes_under(scene.kind)) return false;
  const bool over_water = traits_of(ground.material).cover == LandCover::kWater;
  ground = on_motorway ? paint_motorway(scene, motorway.id, motorway.along_m, from_motorway)
                             .on({WayClass::kMotorway, motorway.id, motorway.along_m, from_motorway, kMotorwayHalf})
                       : paint_railway(from_railway)
                             .on({WayClass::kRailway, railway.id, railway.along_m, from_railway, kRailwayHalf});
  if (over_water || scene.kind == SceneClass::kWetland) {
    ground.height += kBridgeHeight;
    // What a corridor bridges within a scene is one bridge.
    if (ground.object == ObjectClass::kNone)
      ground =
          ground.of(ObjectClass::kBridge, lattice_hash(scene.seed, static_cast<int32_t>(ground.way.id), 610), {0, 0});
  }
  return true;
}

}  // namespace skysense::synth
