#include "raster/ground_box.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace skysense {
namespace {

constexpr double kPi = std::numbers::pi;

Georeference raster(const char* crs, double x, double y, double pixel) {
  return {wkt_from_text(crs), {x, pixel, 0, y, 0, -pixel}};
}

TEST(GroundBox, InUtmItIsTheBoxOfThePixels) {
  // On the central meridian grid north is true north, and the scale 0.9996.
  const GroundMeasure measure(raster("EPSG:32631", 500'000 - 50, 5'600'000 + 50, 0.5));
  const GroundBox box = measure.measure({100, 100, 40, 16, kPi / 6});
  EXPECT_NEAR(box.length, 20 / 0.9996, 1e-5);
  EXPECT_NEAR(box.width, 8 / 0.9996, 1e-5);
  EXPECT_NEAR(box.heading_deg, 120, 1e-3);  // 30 degrees below the east, clockwise
  EXPECT_NEAR(box.centre.x, 500'000, 1e-9);
  EXPECT_NEAR(box.lonlat->x, 3, 1e-9);
  EXPECT_NEAR(std::hypot(box.corners[1].x - box.corners[0].x, box.corners[1].y - box.corners[0].y), 20, 1e-9);
}

TEST(GroundBox, HeadingsAreFromTrueNorthAndBelow180) {
  const GroundMeasure measure(raster("EPSG:32631", 500'000, 5'600'000, 1));
  for (const double turn : {0.0, 0.4, 1.2, kPi / 2, 2.0, 3.1}) {
    const GroundBox box = measure.measure({0, 0, 30, 10, turn - kPi / 2});
    EXPECT_NEAR(std::remainder(box.heading_deg - turn * 180 / kPi, 180), 0, 1e-3) << turn;
    EXPECT_GE(box.heading_deg, 0);
    EXPECT_LT(box.heading_deg, 180);
    // Which side is called the width does not matter.
    EXPECT_NEAR(std::remainder(measure.measure({0, 0, 10, 30, turn}).heading_deg - box.heading_deg, 180), 0, 1e-9);
  }
  // At the zone's edge the grid is turned by the convergence: longitude difference times the sine of the latitude.
  const GroundMeasure edge(raster("EPSG:32631", 700'000, 5'600'000, 1));
  const GroundBox box = edge.measure({0, 0, 30, 10, -kPi / 2});
  const double convergence = (box.lonlat->x - 3) * std::sin(box.lonlat->y * kPi / 180);
  EXPECT_GT(convergence, 1.5);
  EXPECT_NEAR(box.heading_deg, convergence, 0.01);
}

TEST(GroundBox, NeitherDegreesNorMercatorStretchIt) {
  // 60 degrees north: a degree of longitude is half as long, and Web Mercator twice as large.
  const double metres_a_degree = 6'378'137 * kPi / 180 / std::sqrt(1 - 0.00669438 * 0.75) * 0.5;
  const double pixel = 1 / metres_a_degree;  // a metre eastward
  const GroundBox degrees = GroundMeasure(raster("EPSG:4326", 10, 60, pixel)).measure({0, 0, 50, 10, 0});
  EXPECT_NEAR(degrees.length, 50, 1e-4);
  EXPECT_NEAR(degrees.width, 20, 0.1);  // northward a degree is twice as long
  EXPECT_NEAR(degrees.heading_deg, 90, 1e-6);
  const GroundBox mercator = GroundMeasure(raster("EPSG:3857", 1e6, 8'399'737.9, 1)).measure({0, 0, 50, 10, 0});
  EXPECT_NEAR(mercator.length, 25, 0.1);
  EXPECT_NEAR(mercator.width, 5, 0.1);
}

TEST(GroundBox, TheLongerSideOnTheGroundIsTheLength) {
  // A box that is higher than wide in pixels of half a metre by two metres.
  const Georeference flat{wkt_from_text("EPSG:32631"), {500'000, 2, 0, 5'600'000, 0, -0.5}};
  const GroundBox box = GroundMeasure(flat).measure({0, 0, 20, 10, -kPi / 2});
  EXPECT_NEAR(box.length, 20, 0.02);
  EXPECT_NEAR(box.width, 10, 0.02);
  EXPECT_NEAR(box.heading_deg, 90, 1e-3);
}

TEST(GroundBox, AcrossTheDateLineNothingGrows) {
  const GroundBox box = GroundMeasure(raster("EPSG:4326", 179.9999, 0.0001, 0.000001)).measure({100, 100, 200, 20, 0});
  EXPECT_NEAR(box.length, 200e-6 * kPi / 180 * 6'378'137, 1e-6);
}

TEST(GroundBox, WithoutAPlaceItIsThatOfThePixels) {
  // A transform alone is none.
  const GroundMeasure measure(Georeference{.wkt = "", .transform = {7, 2, 0, 9, 0, -2}});
  EXPECT_FALSE(measure.in_metres());
  const GroundBox box = measure.measure({30, 40, 20, 8, kPi / 6});
  EXPECT_DOUBLE_EQ(box.length, 20);
  EXPECT_DOUBLE_EQ(box.width, 8);
  EXPECT_NEAR(box.heading_deg, 120, 1e-9);
  EXPECT_DOUBLE_EQ(box.centre.y, 40);
  EXPECT_FALSE(box.lonlat);
}

}  // namespace
}  // namespace skysense
