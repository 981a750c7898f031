#include "synth/corridors.h"

#include <gtest/gtest.h>

#include <set>

namespace skysense::synth {
namespace {

constexpr int64_t kPerCell = 4, kRegionPixels = kRegionMetres / 10 * kPerCell;
constexpr Zone kZone{.number = 31, .southern = false};

/// What corridors make of a pixel of open land.
Ground painted(const Corridors& corridors, int64_t column, int64_t row) {
  Scene scene;
  scene.kind = SceneClass::kRowCrops;
  Ground ground{Material::kGrass, 0, 1};
  corridors.paint(scene, column, row, ground);
  return ground;
}

TEST(Corridors, AreTheSameWhicheverSquareAsks) {
  constexpr int64_t kEast = 70 * kRegionPixels, kSouth = 300 * kRegionPixels, kSide = 640;
  const Corridors region(1, kZone, kEast, kSouth, kRegionPixels, kPerCell);
  std::set<WayClass> seen;
  for (const int64_t left : {-20, 333, 1111, 1900}) {  // -20: with the margin of a square at the region's edge
    for (const int64_t top : {-20, 215, 960, 1800}) {
      const Corridors square(1, kZone, kEast + left, kSouth + top, kSide, kPerCell);
      for (int64_t row = std::max<int64_t>(0, -top); row < kSide; ++row) {
        for (int64_t column = std::max<int64_t>(0, -left); column < kSide; ++column) {
          const Ground a = painted(square, column, row), b = painted(region, column + left, row + top);
          ASSERT_EQ(a.material, b.material);
          ASSERT_EQ(a.tint, b.tint);
          ASSERT_EQ(a.object_id, b.object_id);
          ASSERT_EQ(a.way.id, b.way.id);
          ASSERT_EQ(a.way.along, b.way.along);
          ASSERT_EQ(a.way.across, b.way.across);
          seen.insert(a.way.kind);
        }
      }
    }
  }
  EXPECT_EQ(seen, (std::set<WayClass>{WayClass::kNone, WayClass::kMotorway, WayClass::kRailway}));
}

TEST(Corridors, RunOnFromRegionToRegion) {
  for (int64_t region = 60; region < 64; ++region) {
    // The railway at the last column of a region and at the first of the next one to the east: the same row, or nearly.
    const auto row_of = [&](int64_t column) {
      const Corridors strip(1, kZone, column, 300 * kRegionPixels, kRegionPixels, kPerCell);
      for (int64_t row = 0; row < kRegionPixels; ++row) {
        if (painted(strip, 0, row).way.kind == WayClass::kRailway) return row;
      }
      return int64_t{-1};
    };
    const int64_t west = row_of((region + 1) * kRegionPixels - 1), east = row_of((region + 1) * kRegionPixels);
    EXPECT_GE(west, 0);
    EXPECT_LE(std::abs(west - east), 1);
  }
}

TEST(Corridors, PassOverWaterOnBridgesAndUnderAirports) {
  const Corridors region(1, kZone, 70 * kRegionPixels, 300 * kRegionPixels, kRegionPixels, kPerCell);
  int64_t bridge = 0, dry = 0;
  for (int64_t row = 0; row < kRegionPixels; ++row) {
    Scene scene;
    Ground water{Material::kDeepWater, -2, 1}, land{Material::kSoil, 0, 1}, apron{Material::kConcrete, 0, 1};
    if (!region.paint(scene, 100, row, land)) continue;
    region.paint(scene, 100, row, water);
    bridge += water.object == ObjectClass::kBridge && water.height > land.height + 5;
    dry += land.object == ObjectClass::kBridge;
    scene.kind = SceneClass::kAirport;
    EXPECT_FALSE(region.paint(scene, 100, row, apron));
  }
  EXPECT_GT(bridge, 2);
  EXPECT_EQ(dry, 0);
}

}  // namespace
}  // namespace skysense::synth
