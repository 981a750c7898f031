#include "synth/scene.h"

#include <span>

#include "synth/vegetation.h"

namespace skysense::synth {
namespace {

/// How often a material gives way to another one of its kind in a scene. Mostly a place is made of what its class is
/// made of, as on Earth; light, air and calibration (region_style.h) keep the values alone from settling the class.
constexpr float kExchangeChance = 0.2f;

/// Materials that stand for one another from scene to scene.
constexpr Material kTrees[] = {Material::kBroadleaf, Material::kConifer, Material::kFruitTree, Material::kShrub};
constexpr Material kOpen[] = {Material::kGrass,    Material::kMeadow, Material::kPasture, Material::kSoil,
                              Material::kDarkSoil, Material::kReed,   Material::kMud};
constexpr Material kLoose[] = {Material::kSand, Material::kGravel,   Material::kSoil,
                               Material::kRock, Material::kDarkSoil, Material::kPasture};
constexpr Material kHard[] = {Material::kAsphalt, Material::kConcrete, Material::kGravel, Material::kSoil};
constexpr Material kWaters[] = {Material::kDeepWater, Material::kTurbidWater};
constexpr Material kRoofs[] = {Material::kRedRoof, Material::kDarkRoof, Material::kBrightRoof, Material::kConcrete};

struct Exchange {
  std::span<const Material> painted, shown;
};
constexpr Material kPaintedTrees[] = {Material::kBroadleaf, Material::kConifer, Material::kFruitTree};
constexpr Material kPaintedOpen[] = {Material::kGrass, Material::kMeadow, Material::kReed};
constexpr Material kPaintedLoose[] = {Material::kSand, Material::kRock};
constexpr Material kPaintedHard[] = {Material::kAsphalt, Material::kConcrete, Material::kGravel};
constexpr Material kPaintedWaters[] = {Material::kDeepWater, Material::kTurbidWater};
constexpr Material kPaintedRoofs[] = {Material::kRedRoof, Material::kDarkRoof, Material::kBrightRoof};
const Exchange kExchanges[] = {{kPaintedTrees, kTrees}, {kPaintedOpen, kOpen},     {kPaintedLoose, kLoose},
                               {kPaintedHard, kHard},   {kPaintedWaters, kWaters}, {kPaintedRoofs, kRoofs}};

/// Classes whose layout fills the place take patches anywhere; the others only in the country around them.
bool fills_its_place(SceneClass kind) {
  return kind != SceneClass::kRiver && kind != SceneClass::kHarbour && kind != SceneClass::kAirport;
}

Ground paint_layout(const Scene& scene, float x, float y) {
  switch (scene.kind) {
    case SceneClass::kDenseUrban:
      return paint_dense_urban(scene, x, y);
    case SceneClass::kResidential:
      return paint_residential(scene, x, y);
    case SceneClass::kIndustrial:
      return paint_industrial(scene, x, y);
    case SceneClass::kRowCrops:
      return paint_row_crops(scene, x, y);
    case SceneClass::kOrchard:
      return paint_orchard(scene, x, y);
    case SceneClass::kNaturalForest:
      return paint_natural_forest(scene, x, y);
    case SceneClass::kPlantation:
      return paint_plantation(scene, x, y);
    case SceneClass::kRiver:
      return paint_river(scene, x, y);
    case SceneClass::kHarbour:
      return paint_harbour(scene, x, y);
    case SceneClass::kAirport:
      return paint_airport(scene, x, y);
    case SceneClass::kDunes:
      return paint_dunes(scene, x, y);
    default:
      return paint_wetland(scene, x, y);
  }
}

Ground paint_intrusion(const Scene& scene, Intrusion kind, float depth, float x, float y) {
  switch (kind) {
    case Intrusion::kLake:
      if (depth < 0.012f) return {Material::kSand, -0.5f, 1};
      return {Material::kDeepWater, -2, 1};
    case Intrusion::kGrove: {
      const Crown crown = crown_at(
          {.seed = scene.seed + 61, .spacing = 8.5f, .jitter = 0.4f, .max_radius = 0.65f, .height = 14, .share = 0.85f},
          x, y);
      if (crown.hit) return {Material::kBroadleaf, crown.height, 0.8f + 0.4f * unit(crown.tree, 7)};
      return {Material::kGrass, 0, 0.8f};
    }
    case Intrusion::kBareGround:
      return {Material::kSand, 0, 0.8f + 0.35f * fractal_noise(scene.seed + 62, x * 0.03f, y * 0.03f, 3)};
    case Intrusion::kFields: {
      const Parcel parcel = parcel_at(scene.seed + 63, 120, 60, local_axes(scene, x, y));
      return parcel.border < 1.5f ? Ground{Material::kMeadow, 0.2f, 0.9f} : paint_crop(scene, parcel, 5.5f);
    }
    case Intrusion::kSettlement:
      return paint_residential(scene, x, y);
    default: {
      const float slab = distance_to_multiple(x, 12) < 0.6f || distance_to_multiple(y, 12) < 0.6f ? 0.85f : 1;
      const Parcel hall = parcel_at(scene.seed + 64, 55, 45, local_axes(scene, x, y));
      if (hall.border > 10 && unit(hall.id, 1) < 0.6f) {
        return Ground{Material::kBrightRoof, 8, between(0.7f, 1.1f, unit(hall.id, 2))}.of(ObjectClass::kBuilding,
                                                                                          hall.id, scene.along);
      }
      return {Material::kConcrete, 0, slab};
    }
  }
}

}  // namespace

Scene make_scene(SceneClass kind, uint32_t seed) {
  Scene scene;
  scene.kind = kind;
  scene.seed = seed;
  scene.backdrop = static_cast<Backdrop>(lattice_hash(seed, 1, 1) % static_cast<uint32_t>(Backdrop::kCount));
  scene.along = direction_of(scene.draw(-1));
  scene.scale = between(0.8f, 1.25f, scene.draw(-2));
  scene.offset_x = between(-60, 60, scene.draw(-3));
  scene.offset_y = between(-60, 60, scene.draw(-4));
  for (size_t m = 0; m < kMaterials; ++m) scene.shown[m] = static_cast<Material>(m);
  int32_t channel = -100;
  for (const Exchange& exchange : kExchanges) {
    for (const Material painted : exchange.painted) {
      const float chance = scene.draw(--channel) / kExchangeChance;
      if (chance >= 1) continue;
      const auto choice = static_cast<size_t>(chance * static_cast<float>(exchange.shown.size()));
      scene.shown[static_cast<size_t>(painted)] = exchange.shown[choice];
    }
  }
  for (int i = 0; i < kIntrusions; ++i) {
    Scene::Patch& patch = scene.patches[static_cast<size_t>(i)];
    patch.kind = static_cast<Intrusion>(lattice_hash(seed, i, 2) % static_cast<uint32_t>(Intrusion::kCount));
    patch.level = between(0.64f, 1.0f, scene.draw(-10 - i));
    // What looks like another class stays small.
    if (patch.kind == Intrusion::kSettlement || patch.kind == Intrusion::kFields) patch.level += 0.07f;
  }
  return scene;
}

void Scene::look_on(float day_seen) {
  day = day_seen;
  flood = 0;
  const int32_t year = floor_int(day / 365);
  const float of_year = day - 365 * static_cast<float>(year);
  for (int32_t i = 0; i < 2; ++i) {
    const uint32_t event = lattice_hash(seed + 604, year, i);
    if (unit(event, 1) > 0.5f) continue;
    const float peak = between(30, 335, unit(event, 2)), half_days = between(12, 40, unit(event, 3));
    const float height = 1 - absolute(of_year - peak) / half_days;
    flood = height > flood ? height : flood;
  }
}

bool paint_patch(const Scene& scene, float x, float y, Ground& ground) {
  for (int i = 0; i < kIntrusions; ++i) {
    const Scene::Patch& patch = scene.patches[static_cast<size_t>(i)];
    // Two octaves of fractal_noise; the second is left out where the first settles it.
    const uint32_t seed = scene.seed + 50 + static_cast<uint32_t>(i);
    const float first = 0.5f * value_noise(seed, x * 0.0052f, y * 0.0052f);
    if ((first + 0.25f) / 0.75f <= patch.level) continue;
    const float field =
        (first + 0.25f * value_noise(seed + 0x9E37u, 2 * (x * 0.0052f) + 17.3f, 2 * (y * 0.0052f) - 9.1f)) / 0.75f;
    if (field <= patch.level) continue;
    ground = paint_intrusion(scene, patch.kind, field - patch.level, x, y);
    return true;
  }
  return false;
}

Ground paint_scene(const Scene& scene, float x, float y) {
  Ground ground;
  if (!fills_its_place(scene.kind) || !paint_patch(scene, x, y, ground)) ground = paint_layout(scene, x, y);
  ground.material = scene.shown[static_cast<size_t>(ground.material)];
  return ground;
}

}  // namespace skysense::synth
