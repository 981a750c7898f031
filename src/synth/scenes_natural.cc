#include "synth/scene.h"
#include "synth/vegetation.h"

namespace skysense::synth {
namespace {

Ground leafy(const Crown& crown, Material material) {
  return {material, crown.height, 0.78f + 0.44f * unit(crown.tree, 7)};
}

}  // namespace

/// Old mixed-size crowns that touch, with clearings and a winding track.
Ground paint_natural_forest(const Scene& scene, float x, float y) {
  const float opening = fractal_noise(scene.seed + 1, x * 0.005f, y * 0.005f, 3);
  const float track = absolute(value_noise(scene.seed + 2, x * 0.0035f, y * 0.0035f) - 0.5f);
  const float cleared = between(0.2f, 0.42f, scene.draw(1));
  if (track < 0.008f) return {Material::kGravel, 0, 0.8f};
  const Parcel compartment = parcel_at(scene.seed + 6, 230, 180, local_axes(scene, x, y));
  if (scene.has_gone(compartment.id, 0.2f)) {  // clear-cut
    const float brash = value_noise(scene.seed + 7, x * 0.4f, y * 0.4f);
    return {brash < 0.6f ? Material::kSoil : Material::kMeadow, brash, 0.75f + 0.4f * brash};
  }
  if (opening < cleared) {
    const Crown sapling = crown_at(
        {.seed = scene.seed + 3, .spacing = 8, .min_radius = 0.1f, .max_radius = 0.3f, .height = 4, .share = 0.5f}, x,
        y);
    if (sapling.hit) return leafy(sapling, Material::kBroadleaf);
    return {scene.draw(2) < 0.3f ? Material::kSoil : Material::kMeadow, 0, 0.8f + 0.4f * opening};
  }
  const float spacing = 10.5f * scene.scale;
  const Crown crown = crown_at({.seed = scene.seed + 4,
                                .spacing = spacing,
                                .jitter = 0.42f,
                                .min_radius = 0.38f,
                                .max_radius = 0.75f,
                                .height = 19},
                               x, y);
  if (crown.hit) {
    Ground ground = leafy(crown, Material::kBroadleaf);
    ground.height += 1.2f * value_noise(scene.seed + 5, x * 0.5f, y * 0.5f);  // boughs
    return ground;
  }
  return {Material::kDarkSoil, 2, 0.6f};
}

/// Planted stands of equal pointed trees, separated by straight rides, some felled or young.
Ground paint_plantation(const Scene& scene, float x, float y) {
  const Local p = local_axes(scene, x, y);
  const Parcel stand = parcel_at(scene.seed + 1, 240 * scene.scale, 170 * scene.scale, p);
  if (stand.border < 3.5f) return {unit(stand.id, 9) < 0.5f ? Material::kGravel : Material::kGrass, 0, 0.85f};
  const float age = unit(stand.id, 1);
  if (age < between(0.08f, 0.3f, scene.draw(1)) || scene.has_gone(stand.id, 0.3f)) {  // felled: stumps in brash
    const float brash = value_noise(scene.seed + 2, x * 0.4f, y * 0.4f);
    return {brash < 0.5f ? Material::kSoil : Material::kMeadow, brash, 0.75f + 0.4f * brash};
  }
  const float spacing = between(3.8f, 5.6f, age) * scene.scale;
  const Crown crown = crown_at({.seed = stand.id,
                                .spacing = spacing,
                                .jitter = 0.22f,
                                .min_radius = 0.36f,
                                .max_radius = 0.56f,
                                .height = between(4, 17, age),
                                .pointed = true},
                               stand.u, stand.v);
  if (crown.hit) return leafy(crown, Material::kConifer);
  return {Material::kDarkSoil, 0.5f, 0.55f};
}

/// Asymmetric sand ridges across the wind, winding and joining, with ripples and bare flats between.
Ground paint_dunes(const Scene& scene, float x, float y) {
  const Local p = local_axes(scene, x, y);
  const float bend = 130 * fractal_noise(scene.seed + 1, p.u * 0.004f, p.v * 0.0022f, 3);
  const float length = between(48, 95, scene.draw(1)) * scene.scale;
  const float phase = (p.u + bend) / length;
  const float share = phase - static_cast<float>(floor_int(phase));
  // A long windward slope and a short slip face.
  const float profile = share < 0.72f ? share / 0.72f : (1 - share) / 0.28f;
  const float strength = smooth_step(0.2f, 0.55f, value_noise(scene.seed + 2, p.u * 0.006f, p.v * 0.006f));
  const float ripple = distance_to_multiple(p.u + 0.6f * bend, 7.5f) * 0.12f;
  const float height = strength * 11 * profile * profile + ripple;
  if (strength < 0.25f) {
    const Crown scrub = crown_at({.seed = scene.seed + 3,
                                  .spacing = 9,
                                  .jitter = 0.45f,
                                  .min_radius = 0.1f,
                                  .max_radius = 0.25f,
                                  .height = 1.5f,
                                  .share = 0.35f},
                                 x, y);
    if (scrub.hit) return leafy(scrub, Material::kShrub);
    return {scene.draw(4) < 0.5f ? Material::kRock : Material::kSoil, ripple,
            0.95f + 0.15f * value_noise(scene.seed + 5, x * 0.03f, y * 0.03f)};
  }
  return {scene.draw(6) < 0.25f ? Material::kSoil : Material::kSand, height, 0.92f + 0.1f * profile};
}

/// A mosaic of pools of all sizes, winding channels, mud and reed.
Ground paint_wetland(const Scene& scene, float x, float y) {
  const float ground = fractal_noise(scene.seed + 1, x * 0.011f, y * 0.011f, 4);
  const float warp = 60 * value_noise(scene.seed + 2, x * 0.012f, y * 0.012f);
  const float channel = absolute(fractal_noise(scene.seed + 3, (x + warp) * 0.0045f, (y - warp) * 0.0045f, 2) - 0.5f);
  const float level = between(0.36f, 0.5f, scene.draw(1)) + 0.07f * scene.flood;
  if (channel < 0.012f) return {Material::kTurbidWater, -1, 1};
  if (ground < level) return {scene.draw(2) < 0.5f ? Material::kDeepWater : Material::kTurbidWater, -0.8f, 1};
  if (ground < level + 0.025f || channel < 0.018f) return {Material::kMud, -0.3f, 0.9f};
  const float tuft = value_noise(scene.seed + 4, x * 0.25f, y * 0.25f);
  if (ground < level + 0.13f) return {Material::kReed, 1.5f * tuft, 0.75f + 0.4f * tuft};
  const Crown willow = crown_at(
      {.seed = scene.seed + 5, .spacing = 9, .height = 6, .share = ground > level + 0.22f ? 0.5f : 0.04f}, x, y);
  if (willow.hit) return leafy(willow, Material::kBroadleaf);
  return {Material::kMeadow, 0.5f * tuft, 0.8f + 0.3f * tuft};
}

/// A meandering river with point bars, a riparian strip and an old arm, through the scene's backdrop; a road bridges
/// most.
Ground paint_river(const Scene& scene, float x, float y) {
  const Local p = local_axes(scene, x, y);
  const float bend_length = between(0.0016f, 0.0030f, scene.draw(1));
  const auto centre = [&](uint32_t salt) {
    return 340 * (value_noise(scene.seed + salt, p.u * bend_length, 0.5f) - 0.5f) +
           60 * (value_noise(scene.seed + salt + 1, p.u * bend_length * 3, 3.5f) - 0.5f);
  };
  const float width = between(11, 34, scene.draw(2)) * (0.85f + 0.4f * value_noise(scene.seed + 3, p.u * 0.01f, 7));
  const float across = p.v - centre(4);
  const float distance = absolute(across);
  const float flooded = scene.flood * 3 * width;  // the water's way over the banks
  const float edge = 5 * (fractal_noise(scene.seed + 6, x * 0.05f, y * 0.05f, 2) - 0.5f);
  const float from_road = p.u - between(-280, 280, scene.draw(12)), road = absolute(from_road);
  if (road < 6 && scene.draw(13) < 0.7f) {
    const Ground surface{road < 0.3f ? Material::kPaint
                         : road > 5  ? Material::kConcrete
                                     : Material::kAsphalt,
                         distance < width + 8 ? 3.0f : 0.0f, 0.95f};
    const Ground lane = surface.on({WayClass::kRoad, scene.seed + 15, p.v, from_road, 6});
    return distance < width + 8 ? lane.of(ObjectClass::kBridge, scene.seed + 14, scene.along) : lane;
  }
  if (distance + edge < width + flooded)
    return {scene.draw(7) < 0.6f ? Material::kTurbidWater : Material::kDeepWater, -2, 1};
  const float bar = between(2, 26, value_noise(scene.seed + 8, p.u * 0.006f, across > 0 ? 1.0f : 5.0f)) - 6;
  if (distance + edge < width + bar)
    return {scene.draw(9) < 0.5f ? Material::kSand : Material::kGravel, -1,
            0.9f + 0.2f * value_noise(scene.seed + 10, x * 0.1f, y * 0.1f)};
  const float arm = absolute(p.v - 150 - 1.5f * centre(40));
  const bool arm_filled = value_noise(scene.seed + 41, p.u * 0.004f, 9) < 0.55f;
  if (arm < 7 && arm_filled) return {Material::kTurbidWater, -1.5f, 0.9f};
  if (distance < width + bar + 16 || arm < 14) {
    const Crown tree = crown_at({.seed = scene.seed + 11, .spacing = 8, .height = 9, .share = 0.65f}, x, y);
    if (tree.hit) return leafy(tree, Material::kBroadleaf);
    return {Material::kMeadow, 0, 0.85f};
  }
  return paint_country(scene, x, y);
}

}  // namespace skysense::synth
