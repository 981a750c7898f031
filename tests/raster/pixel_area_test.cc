#include "raster/pixel_area.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>

namespace skysense {
namespace {

constexpr double kEarth = 510'065'621.7e6;  // square metres of the WGS 84 ellipsoid (NIMA TR8350.2, table 3.3)

Georeference degrees(double pixel, double left = -180, double top = 90) {
  return {wkt_from_text("EPSG:4326"), {left, pixel, 0, top, 0, -pixel}};
}

TEST(PixelArea, OfAProjectedRasterIsThatOfItsUnits) {
  const Georeference utm{wkt_from_text("EPSG:32631"), {500'000, 10, 0, 5'600'000, 0, -10}};
  EXPECT_DOUBLE_EQ(PixelArea::of(utm)->square_metres(7, 9), 100);
  // New York Long Island in US survey feet.
  const Georeference feet{wkt_from_text("EPSG:2263"), {980'000, 2, 0, 200'000, 0, -2}};
  EXPECT_NEAR(PixelArea::of(feet)->square_metres(0, 0), 4 * std::pow(1200.0 / 3937, 2), 1e-9);
}

TEST(PixelArea, OfAllDegreesIsTheEllipsoid) {
  for (const double pixel : {10.0, 1.0}) {
    const auto area = PixelArea::of(degrees(pixel));
    ASSERT_TRUE(area->same_along_rows());
    double sum = 0;
    for (int64_t row = 0; row < std::llround(180 / pixel); ++row) sum += area->square_metres(row, 0) * 360 / pixel;
    EXPECT_NEAR(sum / kEarth, 1, 1e-9);
  }
}

TEST(PixelArea, OfARotatedRasterFollowsTheCurvature) {
  // The same pixels as a north-up raster, with rows and columns exchanged: no row has one latitude.
  const double pixel = 0.001;
  const Georeference turned{wkt_from_text("EPSG:4326"), {4, 0, pixel, 51, -pixel, 0}};
  const auto own = PixelArea::of(turned);
  ASSERT_FALSE(own->same_along_rows());
  const auto upright = PixelArea::of(degrees(pixel, 4, 51));
  EXPECT_NEAR(own->square_metres(3, 500) / upright->square_metres(500, 3), 1, 1e-9);
}

TEST(PixelArea, IsUnknownWithoutAReferenceSystem) { EXPECT_FALSE(PixelArea::of(Georeference{})); }

TEST(AreaStretch, OfWebMercatorGrowsWithLatitudeAndOfUtmHardly) {
  const auto stretch = [](const char* crs, double x, double y) {
    return *area_stretch({wkt_from_text(crs), {x, 10, 0, y, 0, -10}}, 100, 100);
  };
  EXPECT_NEAR(stretch("EPSG:3857", 0, 0), 1, 0.01);
  EXPECT_NEAR(stretch("EPSG:3857", 0, 8'399'738), 4, 0.03);  // 60 degrees
  EXPECT_NEAR(stretch("EPSG:32631", 500'000, 5'600'000), 0.9996 * 0.9996, 1e-5);
  EXPECT_FALSE(area_stretch(degrees(0.1), 10, 10));
}

}  // namespace
}  // namespace skysense
