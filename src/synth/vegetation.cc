#include "synth/vegetation.h"

namespace skysense::synth {

Crown crown_at(const Crowns& crowns, float x, float y) {
  const float gx = x / crowns.spacing, gy = y / crowns.spacing;
  // A crown reaches less than half a spacing beyond its jittered centre, so the four nearest lattice cells suffice.
  const int32_t ix = floor_int(gx - 0.5f), iy = floor_int(gy - 0.5f);
  Crown best;
  for (int32_t j = iy; j <= iy + 1; ++j) {
    for (int32_t i = ix; i <= ix + 1; ++i) {
      const uint32_t tree = lattice_hash(crowns.seed, i, j);
      if (unit(tree) >= crowns.share) continue;
      const float size = static_cast<float>(tree & 0xFF) * (1.0f / 255);
      const float cx =
          static_cast<float>(i) + 0.5f + crowns.jitter * (static_cast<float>((tree >> 4) & 0xFF) * (2.0f / 255) - 1);
      const float cy =
          static_cast<float>(j) + 0.5f + crowns.jitter * (static_cast<float>((tree >> 12) & 0xFF) * (2.0f / 255) - 1);
      const float radius = between(crowns.min_radius, crowns.max_radius, size);
      const float dx = gx - cx, dy = gy - cy;
      const float square = (dx * dx + dy * dy) / (radius * radius);
      if (square >= 1) continue;
      const float top = crowns.height * between(0.65f, 1, size);
      const float height = crowns.pointed ? top * (1 - 0.75f * square) : top * (1 - 0.55f * square * square);
      if (height > best.height) best = {true, height, tree};
    }
  }
  return best;
}

namespace {

Ground tree_ground(const Crown& crown, Material material) {
  return {material, crown.height, 0.8f + 0.4f * unit(crown.tree, 7)};
}

Ground paint_meadow(const Scene& scene, float x, float y) {
  const Local p = local_axes(scene, x, y);
  const Parcel parcel = parcel_at(scene.seed + 11, 190, 130, p);
  if (parcel.border < 3.5f) {
    const Crown hedge = crown_at({.seed = scene.seed + 12, .spacing = 6, .height = 6, .share = 0.75f}, x, y);
    if (hedge.hit) return tree_ground(hedge, Material::kBroadleaf);
  }
  const Crown lone = crown_at({.seed = scene.seed + 13,
                               .spacing = 24,
                               .jitter = 0.4f,
                               .min_radius = 0.14f,
                               .max_radius = 0.25f,
                               .share = 0.12f},
                              x, y);
  if (lone.hit) return tree_ground(lone, Material::kBroadleaf);
  const float patch = value_noise(scene.seed + 14, x * 0.02f, y * 0.02f);
  return {unit(parcel.id) < 0.6f ? Material::kMeadow : Material::kPasture, 0,
          0.75f + 0.3f * patch + 0.25f * unit(parcel.id, 2)};
}

Ground paint_small_fields(const Scene& scene, float x, float y) {
  const Parcel parcel = parcel_at(scene.seed + 21, 150 * scene.scale, 70 * scene.scale, local_axes(scene, x, y));
  if (parcel.border < 1.5f) return {Material::kMeadow, 0.2f, 0.9f};
  return paint_crop(scene, parcel, 6);
}

Ground paint_open_wood(const Scene& scene, float x, float y) {
  const float density = fractal_noise(scene.seed + 31, x * 0.006f, y * 0.006f, 2);
  const Crown crown =
      crown_at({.seed = scene.seed + 32, .spacing = 9, .height = 14, .share = smooth_step(0.3f, 0.6f, density)}, x, y);
  if (crown.hit) return tree_ground(crown, scene.draw(33) < 0.6f ? Material::kBroadleaf : Material::kConifer);
  return {Material::kGrass, 0, 0.8f + 0.4f * value_noise(scene.seed + 34, x * 0.05f, y * 0.05f)};
}

Ground paint_dryland(const Scene& scene, float x, float y) {
  const float patch = fractal_noise(scene.seed + 41, x * 0.01f, y * 0.01f, 3);
  const Crown scrub = crown_at({.seed = scene.seed + 42,
                                .spacing = 7,
                                .jitter = 0.45f,
                                .min_radius = 0.12f,
                                .max_radius = 0.32f,
                                .height = 1.8f,
                                .share = smooth_step(0.35f, 0.65f, patch) * 0.6f},
                               x, y);
  if (scrub.hit) return tree_ground(scrub, Material::kShrub);
  const float wash = absolute(fractal_noise(scene.seed + 43, x * 0.004f, y * 0.004f, 3) - 0.5f);
  if (wash < 0.012f) return {Material::kSand, -1, 1};
  return {patch < 0.45f ? Material::kRock : Material::kSoil, 2 * patch, 0.75f + 0.5f * patch};
}

}  // namespace

Ground paint_backdrop(const Scene& scene, float x, float y) {
  switch (scene.backdrop) {
    case Backdrop::kMeadow:
      return paint_meadow(scene, x, y);
    case Backdrop::kFields:
      return paint_small_fields(scene, x, y);
    case Backdrop::kWoodland:
      return paint_open_wood(scene, x, y);
    default:
      return paint_dryland(scene, x, y);
  }
}

Ground paint_country(const Scene& scene, float x, float y) {
  Ground ground;
  return paint_patch(scene, x, y, ground) ? ground : paint_backdrop(scene, x, y);
}

Parcel parcel_at(uint32_t seed, float length, float width, Local point) {
  const int32_t row = floor_int(point.v / width);
  const uint32_t row_hash = lattice_hash(seed, row, 0x7777);
  const float row_length = length * between(0.7f, 1.4f, unit(row_hash, 1));
  const float shifted = point.u + row_length * unit(row_hash);
  const int32_t column = floor_int(shifted / row_length);
  Parcel parcel{.id = lattice_hash(seed + 1, row, column),
                .u = shifted - static_cast<float>(column) * row_length,
                .v = point.v - static_cast<float>(row) * width,
                .border = 0};
  float size_u = row_length, size_v = width;
  if (unit(parcel.id, 3) < 0.45f) {
    // Two strips side by side, or one behind the other.
    const float at = between(0.3f, 0.7f, unit(parcel.id, 4));
    const bool across = unit(parcel.id, 5) < 0.5f;
    float& position = across ? parcel.u : parcel.v;
    float& size = across ? size_u : size_v;
    if (position < at * size) {
      size *= at;
      parcel.id = lattice_hash(parcel.id, 1, 1);
    } else {
      position -= at * size;
      size *= 1 - at;
      parcel.id = lattice_hash(parcel.id, 2, 2);
    }
  }
  const auto nearest = [](float position, float size) {
    return position < size - position ? position : size - position;
  };
  const float border_u = nearest(parcel.u, size_u), border_v = nearest(parcel.v, size_v);
  parcel.border = border_u < border_v ? border_u : border_v;
  return parcel;
}

Ground paint_crop(const Scene& scene, const Parcel& parcel, float rows) {
  constexpr Material kCrops[] = {Material::kWheat,  Material::kBarley,    Material::kRapeseed,
                                 Material::kMaize,  Material::kSunflower, Material::kSugarBeet,
                                 Material::kPotato, Material::kPasture,   Material::kFallow};
  const uint32_t sown = lattice_hash(parcel.id, floor_int(scene.day / 365), 6);  // rotation: another crop every year
  const Material crop = kCrops[static_cast<size_t>(unit(sown) * 9)];
  const float across = unit(parcel.id, 7) < 0.7f ? parcel.v : parcel.u;
  const float ridge = distance_to_multiple(across, rows) / rows;  // 0 to 0.5
  const float tramline = distance_to_multiple(across + 5, rows * 4);
  float tint = between(0.8f, 1.2f, unit(parcel.id, 8)) * (0.86f + 0.56f * ridge);
  if (tramline < 0.9f) tint *= 0.72f;
  return {crop, crop == Material::kMaize ? 1.5f * ridge : 0.5f * ridge, tint};
}

}  // namespace skysense::synth
