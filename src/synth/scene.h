#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "synth/materials.h"
#include "synth/noise.h"
#include "synth/objects.h"
#include "synth/ways.h"

namespace skysense::synth {

/// What a scene cell is laid out as: the scene class of a place. They differ in structure; most materials serve
/// several.
enum class SceneClass : uint8_t {
  kDenseUrban,
  kResidential,
  kIndustrial,
  kRowCrops,
  kOrchard,
  kNaturalForest,
  kPlantation,
  kRiver,
  kHarbour,
  kAirport,
  kDunes,
  kWetland,
  kCount
};
inline constexpr int kSceneClasses = static_cast<int>(SceneClass::kCount);
inline constexpr std::array<std::string_view, kSceneClasses> kSceneClassNames = {
    "dense_urban", "residential", "industrial", "row_crops", "orchard", "natural_forest",
    "plantation",  "river",       "harbour",    "airport",   "dunes",   "wetland"};

inline constexpr auto kAllSceneClasses = [] {
  std::array<SceneClass, kSceneClasses> all{};
  for (int i = 0; i < kSceneClasses; ++i) all[static_cast<size_t>(i)] = static_cast<SceneClass>(i);
  return all;
}();

/// What lies between and around the features of a scene, whatever its class.
enum class Backdrop : uint8_t { kMeadow, kFields, kWoodland, kDryland, kCount };

/// A patch of something else within a scene: a town has its lake, a forest its village. Patches are drawn independently
/// of the scene's class.
enum class Intrusion : uint8_t { kLake, kGrove, kBareGround, kFields, kSettlement, kYard, kCount };
inline constexpr int kIntrusions = 2;

/// When the ground is seen, in days from 2023-01-01, real-valued; the middle of that year unless something else is
/// asked for.
inline constexpr float kReferenceDay = 181;
/// Things that change for good do so within these days.
inline constexpr float kFirstEventDay = -200, kLastEventDay = 1300;

/// One cell of the world's lattice of scenes.
struct Scene {
  SceneClass kind = SceneClass::kRowCrops;
  Backdrop backdrop = Backdrop::kMeadow;
  uint32_t seed = 0;
  Direction along;                           ///< the direction of its streets, rows, runways, ridges
  float scale = 1;                           ///< 0.8 to 1.25: how large its features are
  float offset_x = 0, offset_y = 0;          ///< metres by which its layout is shifted
  std::array<Material, kMaterials> shown{};  ///< what each painted material is made of here
  struct Patch {
    Intrusion kind = Intrusion::kGrove;
    float level = 1;  ///< of the noise field above which it lies; 1: nowhere
  };
  std::array<Patch, kIntrusions> patches{};
  float day = kReferenceDay;  ///< set by look_on
  float flood = 0;            ///< how far the water stands above its usual level, in [0, 1]

  /// An independent number in [0, 1) for each purpose.
  float draw(int32_t channel) const { return unit(seed, channel); }

  /// Whether a thing is there yet: a `share` of things come on a day of their own, the others have always been.
  bool has_come(uint32_t thing, float share) const {
    const float draw = unit(thing, 601);
    return draw >= share || day >= between(kFirstEventDay, kLastEventDay, draw / share);
  }
  /// Whether a thing is gone: a `share` of things go on a day of their own, the others never.
  bool has_gone(uint32_t thing, float share) const {
    const float draw = unit(thing, 602);
    return draw < share && day >= between(kFirstEventDay, kLastEventDay, draw / share);
  }
  /// A hash for what comes and goes from day to day: vehicles, ships, aircraft.
  uint32_t passing(uint32_t thing) const { return lattice_hash(thing, floor_int(day), 603); }
  /// The scene as it is on a day: up to two floods a year of some weeks.
  void look_on(float day_seen);
};

/// One point of the ground.
struct Ground {
  Material material = Material::kGrass;
  float height = 0;                         ///< metres above the terrain
  float tint = 1;                           ///< factor on the material's reflectance
  ObjectClass object = ObjectClass::kNone;  ///< what stands there
  uint32_t object_id = 0;                   ///< tells it from others near by; not 0 for an object
  Direction object_axis{0, 0};              ///< along one of its sides; (0, 0) where the painter does not know
  OnWay way = {};                           ///< the way that the point lies on

  /// This point as part of an object.
  Ground of(ObjectClass kind, uint32_t id, Direction axis) const {
    Ground ground = *this;
    ground.object = kind;
    ground.object_id = id | 1u;
    ground.object_axis = axis;
    return ground;
  }
  /// This point as part of a way.
  Ground on(const OnWay& lies_on) const {
    Ground ground = *this;
    ground.way = lies_on;
    return ground;
  }
};

/// A point in a scene's own axes, metres: u along its direction, v across.
struct Local {
  float u, v;
};
inline Local local_axes(const Scene& scene, float x, float y) {
  const float px = x - scene.offset_x, py = y - scene.offset_y;
  return {px * scene.along.x + py * scene.along.y, py * scene.along.x - px * scene.along.y};
}

/// A scene drawn from a seed alone: everything but its class is independent of the class.
Scene make_scene(SceneClass kind, uint32_t seed);

/// The ground at (x, y) metres from the scene cell's centre, x to the east and y to the south.
Ground paint_scene(const Scene& scene, float x, float y);

// The painters of single classes; paint_scene calls them.
Ground paint_dense_urban(const Scene& scene, float x, float y);
Ground paint_residential(const Scene& scene, float x, float y);
Ground paint_industrial(const Scene& scene, float x, float y);
Ground paint_row_crops(const Scene& scene, float x, float y);
Ground paint_orchard(const Scene& scene, float x, float y);
Ground paint_natural_forest(const Scene& scene, float x, float y);
Ground paint_plantation(const Scene& scene, float x, float y);
Ground paint_river(const Scene& scene, float x, float y);
Ground paint_harbour(const Scene& scene, float x, float y);
Ground paint_airport(const Scene& scene, float x, float y);
Ground paint_dunes(const Scene& scene, float x, float y);
Ground paint_wetland(const Scene& scene, float x, float y);

}  // namespace skysense::synth
