#include "synth/objects.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "synth/render.h"

namespace skysense::synth {
namespace {

/// A rectangle of half sizes (long, wide) pixels about a centre, turned by `axis`.
struct Box {
  float x, y, half_long, half_wide;
  Direction axis;
  bool holds(float px, float py) const {
    const float dx = px - x, dy = py - y;
    return absolute(dx * axis.x + dy * axis.y) < half_long && absolute(dy * axis.x - dx * axis.y) < half_wide;
  }
  float reach_u(PixelPoint p) const { return absolute((p.x - x) * axis.x + (p.y - y) * axis.y); }
  float reach_v(PixelPoint p) const { return absolute((p.y - y) * axis.x - (p.x - x) * axis.y); }
};

/// `side` pixels and a border of one around them.
ObjectMap draw(const Box& box, int64_t side, bool axis_known) {
  ObjectMap map{.side = side + 2, .id = {}, .traits = {}};
  for (int64_t row = -1; row <= side; ++row) {
    for (int64_t column = -1; column <= side; ++column) {
      map.id.push_back(box.holds(static_cast<float>(column) + 0.5f, static_cast<float>(row) + 0.5f) ? 7 : 0);
    }
  }
  map.traits[7] = {ObjectClass::kShip, axis_known ? box.axis : Direction{0, 0}};
  return map;
}

TEST(VisibleObjects, ABoxKeepsToTheRectangleWithinAPixelAtAnyAngle) {
  for (int step = 0; step < 40; ++step) {
    const Box box{31.3f, 29.8f, 20.2f, 7.6f, direction_of(static_cast<float>(step) / 40)};
    for (const bool axis_known : {true, false}) {
      const auto objects = visible_objects(draw(box, 64, axis_known), 1);
      ASSERT_EQ(objects.size(), 1u);
      EXPECT_EQ(objects[0].kind, ObjectClass::kShip);
      EXPECT_FALSE(objects[0].truncated);
      for (const PixelPoint corner : objects[0].corners) {
        EXPECT_NEAR(box.reach_u(corner), box.half_long, 1.0f) << step << axis_known;
        EXPECT_NEAR(box.reach_v(corner), box.half_wide, 1.0f) << step << axis_known;
      }
      // The first side is the long one, and the corners go clockwise where rows run downwards.
      const auto& c = objects[0].corners;
      EXPECT_NEAR(std::hypot(c[1].x - c[0].x, c[1].y - c[0].y), 40.4f, 2.0f);
      EXPECT_GT((c[1].x - c[0].x) * (c[2].y - c[1].y) - (c[1].y - c[0].y) * (c[2].x - c[1].x), 0);
    }
  }
}

TEST(VisibleObjects, WhatGoesOnBeyondTheEdgeIsTruncated) {
  const auto objects = visible_objects(draw({62, 30, 10, 4, {1, 0}}, 64, true), 1);
  ASSERT_EQ(objects.size(), 1u);
  EXPECT_TRUE(objects[0].truncated);
  EXPECT_EQ(objects[0].pixels, 12 * 8);
  for (const PixelPoint corner : objects[0].corners) EXPECT_LE(corner.x, 64.0f);
  // An object that only the border sees is none of the image.
  EXPECT_TRUE(visible_objects(draw({70, 30, 6, 4, {1, 0}}, 64, true), 1).empty());
}

TEST(VisibleObjects, ThinAndSinglePixelsHaveBoxesToo) {
  ObjectMap map{.side = 6, .id = std::vector<uint32_t>(36), .traits = {{3, {ObjectClass::kBoat, {0, 0}}}}};
  map.id[2 * 6 + 2] = 3;
  const auto objects = visible_objects(map, 1);
  ASSERT_EQ(objects.size(), 1u);
  EXPECT_FLOAT_EQ(objects[0].corners[0].x, 1.0f);
  EXPECT_FLOAT_EQ(objects[0].corners[2].x, 2.0f);
  EXPECT_FLOAT_EQ(objects[0].corners[2].y, 2.0f);
}

/// The world shows every class of object, of plausible sizes: metres of the long and the short side.
TEST(SyntheticObjects, HaveTheSizesOfTheirKind) {
  struct Limits {
    ObjectClass kind;
    float long_low, long_high, short_low, short_high;
  };
  constexpr std::array<Limits, kObjectClasses> kLimits = {{{ObjectClass::kBuilding, 4, 480, 3, 130},
                                                           {ObjectClass::kSmallVehicle, 3.4f, 5.6f, 1.2f, 3},
                                                           {ObjectClass::kLargeVehicle, 12, 14, 2, 3.6f},
                                                           {ObjectClass::kShip, 70, 190, 9, 24},
                                                           {ObjectClass::kBoat, 8, 10, 3, 5.2f},
                                                           {ObjectClass::kAircraft, 22, 54, 20, 54},
                                                           {ObjectClass::kStorageTank, 15, 35, 15, 35},
                                                           {ObjectClass::kContainer, 5.5f, 7.5f, 1.8f, 3.4f},
                                                           {ObjectClass::kSwimmingPool, 4, 9, 3, 7},
                                                           {ObjectClass::kBridge, 20, 700, 8, 30},
                                                           {ObjectClass::kSportsField, 38, 125, 28, 110}}};
  constexpr int64_t kPerCell = 20;
  std::array<int64_t, kObjectClasses + 1> seen{}, outside{};
  for (int64_t number = 0; number < 6 * kSceneClasses; ++number) {
    const Site site = site_of(5, number, Split::kTrain, 640);
    if (site.kind == SceneClass::kDunes || site.kind == SceneClass::kWetland || site.kind == SceneClass::kNaturalForest)
      continue;
    for (const VisibleObject& object :
         render_place(site,
                      {.seed = 5, .hr = false, .hr_per_cell = kPerCell, .ms_dates = 0, .sar_dates = 0, .details = true})
             .objects) {
      if (object.truncated) continue;
      const auto& c = object.corners;
      const float metres = 10.0f / kPerCell;
      const float length = std::hypot(c[1].x - c[0].x, c[1].y - c[0].y) * metres,
                  width = std::hypot(c[2].x - c[1].x, c[2].y - c[1].y) * metres;
      const auto kind = static_cast<size_t>(object.kind);
      const Limits& limits = kLimits[kind - 1];
      ++seen[kind];
      outside[kind] += length < limits.long_low || length > limits.long_high || width < limits.short_low ||
                       width > limits.short_high;
    }
  }
  for (size_t kind = 1; kind <= kObjectClasses; ++kind) {
    EXPECT_GE(seen[kind], 3) << kObjectClassNames[kind - 1];
    // Some are cut by what was painted over them: a lake in a town, the border of a scene.
    EXPECT_LE(outside[kind], seen[kind] / 12 + 1) << kObjectClassNames[kind - 1] << " of " << seen[kind];
  }
}

}  // namespace
}  // namespace skysense::synth
