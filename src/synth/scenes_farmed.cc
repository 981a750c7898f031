#include "synth/scene.h"
#include "synth/vegetation.h"

namespace skysense::synth {

/// Large fields with rows, farm tracks and a farmstead here and there.
Ground paint_row_crops(const Scene& scene, float x, float y) {
  const Local p = local_axes(scene, x, y);
  const float length = between(180, 300, scene.draw(1)) * scene.scale,
              width = between(90, 150, scene.draw(2)) * scene.scale;
  const float road_period = width * 4;
  const int32_t road = floor_int(p.v / road_period + 0.5f);
  const float from_road = p.v - static_cast<float>(road) * road_period;
  if (absolute(from_road) < 3) {
    const Ground surface{scene.draw(3) < 0.5f ? Material::kGravel : Material::kAsphalt, 0, 1};
    return surface.on({WayClass::kTrack, lattice_hash(scene.seed + 2, road, 0), p.u, from_road, 3});
  }
  const Parcel parcel = parcel_at(scene.seed + 1, length, width, p);
  if (parcel.border < 1.8f) return {Material::kMeadow, 0.2f, 0.85f};
  if (unit(parcel.id, 20) < 0.035f && parcel.u < 70 && parcel.v < 60) {  // a farmstead in the corner
    const float barn_u = distance_to_multiple(parcel.u, 30), barn_v = distance_to_multiple(parcel.v, 26);
    if (barn_u > 6 && barn_v > 7) {
      const uint32_t barn = lattice_hash(parcel.id, floor_int(parcel.u / 30), floor_int(parcel.v / 26));
      return Ground{Material::kRedRoof, 7, 0.9f}.of(ObjectClass::kBuilding, barn, scene.along);
    }
    return {Material::kGravel, 0, 0.9f};
  }
  const float soil =
      fractal_noise(scene.seed + 4, x * 0.008f, y * 0.008f, 3);  // wet and dry patches show through the crop
  Ground ground = paint_crop(scene, parcel, between(4, 7.5f, unit(parcel.id, 9)));
  ground.tint *= 0.8f + 0.4f * soil;
  return ground;
}

/// Parcels of equal trees on an exact lattice.
Ground paint_orchard(const Scene& scene, float x, float y) {
  const Local p = local_axes(scene, x, y);
  const Parcel parcel = parcel_at(scene.seed + 1, 170 * scene.scale, 120 * scene.scale, p);
  if (parcel.border < 2.5f) return {Material::kGravel, 0, 0.9f};
  if (unit(parcel.id, 1) < 0.12f) return paint_crop(scene, parcel, 5);
  const float spacing = between(6.5f, 10.5f, unit(parcel.id, 2)) * scene.scale;
  const float row = spacing * between(1, 1.5f, unit(parcel.id, 3));
  const Crown tree = crown_at({.seed = parcel.id,
                               .spacing = spacing,
                               .jitter = 0.03f,
                               .min_radius = 0.3f,
                               .max_radius = 0.38f,
                               .height = 4.5f,
                               .share = 0.96f},
                              parcel.u, parcel.v * (spacing / row));
  if (tree.hit)
    return {scene.draw(2) < 0.3f ? Material::kShrub : Material::kFruitTree, tree.height,
            0.85f + 0.3f * unit(tree.tree, 7)};
  constexpr Material kFloors[] = {Material::kMeadow, Material::kGrass, Material::kSoil, Material::kDarkSoil};
  return {kFloors[static_cast<size_t>(unit(parcel.id, 4) * 4)], 0,
          0.85f + 0.3f * value_noise(scene.seed + 5, x * 0.03f, y * 0.03f)};
}

}  // namespace skysense::synth
