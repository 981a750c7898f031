#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "raster/raster_reader.h"
#include "raster/raster_writer.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

Georeference utm(double x, double y, double gsd) { return {wkt_from_text("EPSG:32631"), {x, gsd, 0, y, 0, -gsd}}; }

/// A raster of `size` x `size` pixels of 10 m whose value is the map's easting plus twice its northing, less an offset.
std::filesystem::path write_plane(const TemporaryFolder& folder, int64_t size) {
  RasterLayout layout;
  layout.width = layout.height = size;
  layout.georeference = utm(500000, 5600000, 10);
  layout.nodata = -1;
  std::vector<float> values;
  for (int64_t y = 0; y < size; ++y) {
    for (int64_t x = 0; x < size; ++x) {
      const MapPoint map = layout.georeference.to_map({static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5});
      values.push_back(static_cast<float>((map.x - 500000) + 2 * (map.y - 5500000) / 100));
    }
  }
  write_raster(folder / "plane.tif", layout, values.data());
  return folder / "plane.tif";
}

float plane_at(MapPoint map) { return static_cast<float>((map.x - 500000) + 2 * (map.y - 5500000) / 100); }

const std::vector<int64_t> kFirst = {0};

TEST(Resampling, AlignedGridsAreReadAsTheyAre) {
  const TemporaryFolder folder;
  const RasterReader reader(write_plane(folder, 16).string());
  std::vector<float> window(12), grid(12);
  std::vector<uint8_t> window_valid(12), grid_valid(12);
  reader.read({-1, 14, 4, 3}, kFirst, window.data(), window_valid.data());
  const Georeference corner = reader.georeference().moved({-1, 14});
  reader.read_onto({corner.wkt, corner.transform, 4, 3}, kFirst, Resampling::kSmooth, grid.data(), grid_valid.data());
  EXPECT_EQ(window, grid);
  EXPECT_EQ(window_valid, grid_valid);
}

TEST(Resampling, BilinearReproducesAPlaneAtAnyFinerGrid) {
  const TemporaryFolder folder;
  const RasterReader reader(write_plane(folder, 16).string());
  const Georeference fine = utm(500043, 5599957, 3);
  std::vector<float> values(100);
  std::vector<uint8_t> valid(100);
  reader.read_onto({fine.wkt, fine.transform, 10, 10}, kFirst, Resampling::kSmooth, values.data(), valid.data());
  for (int64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(valid[i], 1);
    const MapPoint map = fine.to_map({static_cast<double>(i % 10) + 0.5, static_cast<double>(i / 10) + 0.5});
    EXPECT_NEAR(values[i], plane_at(map), 0.01);
  }
}

TEST(Resampling, LargerCellsHoldTheMeanOfTheirValidPixels) {
  const TemporaryFolder folder;
  RasterLayout layout;
  layout.width = layout.height = 4;
  layout.georeference = utm(500000, 5600000, 10);
  layout.nodata = -1;
  const std::vector<float> values = {1, 3, 8, -1, 5, 7, 8, 8, -1, -1, 2, 2, -1, 4, 2, 2};
  write_raster(folder / "a.tif", layout, values.data());
  const RasterReader reader(folder / "a.tif");
  const Georeference coarse = utm(500000, 5600000, 20);
  std::vector<float> means(4);
  std::vector<uint8_t> valid(4);
  reader.read_onto({coarse.wkt, coarse.transform, 2, 2}, kFirst, Resampling::kSmooth, means.data(), valid.data());
  EXPECT_THAT(means, ElementsAre(4, 8, 0, 2))
      << "a quarter valid is not enough; one nodata pixel of four has no weight";
  EXPECT_THAT(valid, ElementsAre(1, 1, 0, 1));
}

TEST(Resampling, NearestKeepsClassesPure) {
  const TemporaryFolder folder;
  RasterLayout layout;
  layout.width = layout.height = 2;
  layout.type = PixelType::kUInt8;
  layout.georeference = utm(500000, 5600000, 20);
  const std::vector<float> classes = {1, 9, 4, 2};
  write_raster(folder / "classes.tif", layout, classes.data());
  const RasterReader reader(folder / "classes.tif");
  const Georeference fine = utm(500000, 5600000, 10);
  std::vector<float> values(16);
  reader.read_onto({fine.wkt, fine.transform, 4, 4}, kFirst, Resampling::kNearest, values.data(), nullptr);
  EXPECT_THAT(values, ElementsAre(1, 1, 9, 9, 1, 1, 9, 9, 4, 4, 2, 2, 4, 4, 2, 2));
}

TEST(Resampling, AnotherReferenceSystemShowsTheSameGround) {
  const TemporaryFolder folder;
  const RasterReader reader(write_plane(folder, 200).string());
  // A grid of UTM zone 32 over the middle of the raster, far from that zone's own middle.
  const auto centre = centre_lonlat_deg(reader.georeference(), 200, 200);
  ASSERT_TRUE(centre);
  EXPECT_NEAR(centre->x, 3.014, 0.001);
  const std::string degrees = wkt_from_text("EPSG:4326");
  const double step = 1e-4;
  const TargetGrid grid{degrees, {centre->x - 10 * step, step, 0, centre->y + 10 * step, 0, -step}, 20, 20};
  std::vector<float> values(400);
  std::vector<uint8_t> valid(400);
  const ReadCounts counts = reader.read_onto(grid, kFirst, Resampling::kSmooth, values.data(), valid.data());
  EXPECT_EQ(counts.invalid, 0);
  EXPECT_EQ(counts.pixels, 400);
  // One degree of latitude is 111.2 km here, one of longitude 111.3 km * cos(50.5 deg).
  EXPECT_NEAR(values[19] - values[0], 19 * step * 111320 * std::cos(50.54 * M_PI / 180), 2);
  EXPECT_NEAR(values[19 * 20] - values[0], -2.0 / 100 * 19 * step * 111200, 2);
}

TEST(Resampling, APartOfAGridEqualsTheWhole) {
  const TemporaryFolder folder;
  const RasterReader reader(write_plane(folder, 64).string());
  const Georeference shifted = utm(500003, 5599996, 10);
  std::vector<float> whole(60 * 60), part(20 * 20);
  reader.read_onto({shifted.wkt, shifted.transform, 60, 60}, kFirst, Resampling::kSmooth, whole.data(), nullptr);
  const Georeference corner = shifted.moved({17, 31});
  reader.read_onto({corner.wkt, corner.transform, 20, 20}, kFirst, Resampling::kSmooth, part.data(), nullptr);
  for (int64_t y = 0; y < 20; ++y) {
    for (int64_t x = 0; x < 20; ++x) EXPECT_EQ(part[y * 20 + x], whole[(31 + y) * 60 + 17 + x]);
  }
}

TEST(Resampling, PicturesWithoutAPlaceAreRefused) {
  const TemporaryFolder folder;
  RasterLayout layout;
  layout.width = layout.height = 2;
  layout.type = PixelType::kUInt8;
  layout.format = "PNG";
  const std::vector<float> values = {1, 2, 3, 4};
  write_raster(folder / "a.png", layout, values.data());
  const RasterReader reader(folder / "a.png");
  const Georeference grid = utm(0, 0, 10);
  std::vector<float> out(4);
  EXPECT_THAT(
      [&] {
        reader.read_onto({grid.wkt, grid.transform, 2, 2}, kFirst, Resampling::kSmooth, out.data(), nullptr);
      },
      ThrowsMessage<DataError>(HasSubstr("no georeference")));
}

TEST(Georeferences, PixelAndMapCoordinatesAreInverse) {
  const Georeference rotated{"", {1000, 8, -6, 2000, -6, -8}};
  const PixelPoint pixel = rotated.to_pixel(rotated.to_map({12.25, 7.5}));
  EXPECT_NEAR(pixel.x, 12.25, 1e-9);
  EXPECT_NEAR(pixel.y, 7.5, 1e-9);
}

TEST(Georeferences, PixelSizesAreInMetresWhateverTheUnit) {
  EXPECT_NEAR(*ground_sample_distance_m(utm(500000, 5600000, 0.2), 10, 10), 0.2, 1e-9);
  const Georeference degrees{wkt_from_text("EPSG:4326"), {10, 1e-4, 0, 60, 0, -1e-4}};
  EXPECT_NEAR(*ground_sample_distance_m(degrees, 2, 2), 11.13 * std::sqrt(0.5), 0.05);
  EXPECT_FALSE(ground_sample_distance_m({}, 2, 2));
}

TEST(Georeferences, OneSystemIsTheSameHoweverSpelt) {
  EXPECT_TRUE(same_crs(wkt_from_text("EPSG:32631"), wkt_from_text("+proj=utm +zone=31 +datum=WGS84")));
  EXPECT_FALSE(same_crs(wkt_from_text("EPSG:32631"), wkt_from_text("EPSG:32632")));
}

}  // namespace
}  // namespace skysense
