#include "synth/streets.h"

namespace skysense::synth {
namespace {

Ground paint_carriageway(const Scene& scene, const Street& street) {
  const float side = absolute(street.across);
  if (side > street.half - 2) return {Material::kConcrete, 0.1f, 0.85f};
  constexpr float kSlot = 6.5f, kCar = 4.4f;
  const uint32_t lane = scene.passing(street.number + (street.across > 0 ? 1u : 0u));
  const int32_t slot = floor_int(street.along / kSlot);
  const float from_middle = street.along - (static_cast<float>(slot) + 0.5f) * kSlot;
  const bool in_the_way = absolute(street.to_crossing - from_middle) < street.crossing_half + kCar / 2;
  if (street.half > 5 && unit(lattice_hash(lane, slot, 5)) < 0.45f && !in_the_way && absolute(from_middle) < kCar / 2 &&
      absolute(side - (street.half - 3.2f)) < 1) {
    const float paint = unit(lattice_hash(lane, slot, 6));
    const Ground car{paint < 0.5f ? Material::kPaint : Material::kMetal, 1.4f, paint < 0.5f ? 0.5f + paint : paint};
    return car.of(ObjectClass::kSmallVehicle, lattice_hash(lane, slot, 7), scene.along);
  }
  if (street.marked && side < 0.4f && distance_to_multiple(street.along, 12) > 3) return {Material::kPaint, 0, 0.8f};
  return {Material::kAsphalt, 0,
          0.9f + 0.15f * value_noise(scene.seed + 73, street.along * 0.05f, street.across * 0.3f)};
}

}  // namespace

Ground paint_street(const Scene& scene, const Street& street) {
  return paint_carriageway(scene, street)
      .on({WayClass::kStreet, street.number, street.along, street.across, street.half});
}

Grid grid_at(uint32_t seed, Local p, float pu, float pv) {
  const int32_t iu = floor_int(p.u / pu), iv = floor_int(p.v / pv);
  const float in_u = p.u - static_cast<float>(iu) * pu, in_v = p.v - static_cast<float>(iv) * pv;
  const bool next_u = in_u >= pu / 2, next_v = in_v >= pv / 2;
  return {.to_u = next_u ? in_u - pu : in_u,
          .to_v = next_v ? in_v - pv : in_v,
          .line_u = lattice_hash(seed, iu + (next_u ? 1 : 0), 1),
          .line_v = lattice_hash(seed, iv + (next_v ? 1 : 0), 2),
          .in_u = in_u,
          .in_v = in_v,
          .block = lattice_hash(seed, iu, iv)};
}

}  // namespace skysense::synth
