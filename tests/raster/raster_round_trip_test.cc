#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "core/error.h"
#include "core/files.h"
#include "raster/raster_reader.h"
#include "raster/raster_writer.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Georeference utm(double x = 500000, double y = 5600000, double gsd = 10) {
  return {wkt_from_text("EPSG:32631"), {x, gsd, 0, y, 0, -gsd}};
}

/// 4 x 3 pixels with values 0 … 11 in each band, times the band's number.
std::vector<float> ramp(int64_t bands) {
  std::vector<float> values;
  for (int64_t band = 1; band <= bands; ++band) {
    for (int64_t i = 0; i < 12; ++i) values.push_back(static_cast<float>(band * i));
  }
  return values;
}

RasterLayout small_layout(int64_t bands) {
  RasterLayout layout;
  layout.width = 4;
  layout.height = 3;
  layout.bands = bands;
  layout.georeference = utm();
  return layout;
}

TEST(RasterRoundTrip, KeepsValuesGeoreferenceNamesScalesAndTags) {
  const TemporaryFolder folder;
  RasterLayout layout = small_layout(2);
  layout.nodata = -9999;
  layout.band_names = {"VV", "VH"};
  layout.scales = {1, 0.5};
  layout.offsets = {0, 3};
  layout.tags = {{"SKYSENSE_MODEL", "nano"}};
  write_raster(folder / "a.tif", layout, ramp(2).data());
  const RasterReader reader(folder / "a.tif");
  EXPECT_EQ(reader.width(), 4);
  EXPECT_EQ(reader.height(), 3);
  ASSERT_EQ(reader.bands().size(), 2U);
  EXPECT_EQ(reader.bands()[1].name, "VH");
  EXPECT_EQ(reader.bands()[1].scale, 0.5);
  EXPECT_EQ(reader.bands()[1].offset, 3);
  EXPECT_EQ(reader.bands()[0].nodata, -9999);
  EXPECT_EQ(reader.georeference().transform, utm().transform);
  EXPECT_TRUE(same_crs(reader.georeference().wkt, utm().wkt));
  EXPECT_EQ(reader.metadata("SKYSENSE_MODEL"), "nano");
  EXPECT_EQ(reader.metadata("LAYOUT", "IMAGE_STRUCTURE"), "COG");
  std::vector<float> values(24);
  std::vector<uint8_t> valid(12);
  const ReadCounts counts = reader.read({0, 0, 4, 3}, band_range(2), values.data(), valid.data());
  EXPECT_EQ(values, ramp(2));
  EXPECT_EQ(counts.invalid, 0);
}

TEST(RasterRoundTrip, WindowsThatStickOutAreInvalidThere) {
  const TemporaryFolder folder;
  write_raster(folder / "a.tif", small_layout(1), ramp(1).data());
  const RasterReader reader(folder / "a.tif");
  std::vector<float> values(9, -1);
  std::vector<uint8_t> valid(9, 7);
  const std::vector<int64_t> first = {0};
  const ReadCounts counts = reader.read({-1, -1, 3, 3}, first, values.data(), valid.data());
  EXPECT_THAT(values, ElementsAre(0, 0, 0, 0, 0, 1, 0, 4, 5));
  EXPECT_THAT(valid, ElementsAre(0, 0, 0, 0, 1, 1, 0, 1, 1));
  EXPECT_EQ(counts.pixels, 4);
  EXPECT_EQ(counts.invalid, 0);
}

TEST(RasterRoundTrip, NodataAndNanAreInvalidInEveryBandAndCounted) {
  const TemporaryFolder folder;
  RasterLayout layout = small_layout(2);
  layout.nodata = 5;
  auto values = ramp(2);
  values[12 + 1] = kNan;  // band 2; band 1 is fine there
  values[2] = std::numeric_limits<float>::infinity();
  write_raster(folder / "a.tif", layout, values.data());  // band 1 is 5 at pixel 5; band 2 nowhere
  const RasterReader reader(folder / "a.tif");
  std::vector<float> read(24);
  std::vector<uint8_t> valid(12);
  const ReadCounts counts = reader.read({0, 0, 4, 3}, band_range(2), read.data(), valid.data());
  EXPECT_THAT(valid, ElementsAre(1, 0, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1));
  EXPECT_EQ(counts.invalid, 3);
  EXPECT_EQ(counts.nan, 2);
  EXPECT_EQ(read[1], 0) << "an invalid pixel carries no value";
  const RasterReader other(folder / "a.tif", {.nodata = 7, .layer = {}, .valid_values = {}, .alpha_is_data = false});
  other.read({0, 0, 4, 3}, band_range(1), read.data(), valid.data());
  EXPECT_THAT(valid, ElementsAre(1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1)) << "a given nodata replaces the file's";
}

TEST(RasterRoundTrip, ALayerMasksByItsValuesOnItsOwnGrid) {
  const TemporaryFolder folder;
  write_raster(folder / "scene.tif", small_layout(1), ramp(1).data());
  RasterLayout layer = small_layout(1);
  layer.width = layer.height = 2;
  layer.type = PixelType::kUInt8;
  layer.georeference = utm(500000, 5600000, 20);
  const std::vector<float> classes = {4, 9, 0, 5};
  write_raster(folder / "scl.tif", layer, classes.data());
  std::vector<float> values(12);
  std::vector<uint8_t> valid(12);
  const RasterReader reader(
      folder / "scene.tif",
      {.nodata = {}, .layer = folder / "scl.tif", .valid_values = {4, 5}, .alpha_is_data = false});
  reader.read({0, 0, 4, 3}, band_range(1), values.data(), valid.data());
  EXPECT_THAT(valid, ElementsAre(1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1));
  const RasterReader plain(folder / "scene.tif",
                           {.nodata = {}, .layer = folder / "scl.tif", .valid_values = {}, .alpha_is_data = false});
  plain.read({0, 0, 4, 3}, band_range(1), values.data(), valid.data());
  EXPECT_THAT(valid, ElementsAre(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1)) << "without a set every value but 0 is valid";
}

TEST(RasterRoundTrip, ClassRastersKeepNamesAndColours) {
  const TemporaryFolder folder;
  RasterLayout layout = small_layout(1);
  layout.type = PixelType::kUInt8;
  layout.class_names = {"water", "forest"};
  layout.colours = {{0, 0, 255}, {0, 128, 0}};
  layout.average_overviews = false;
  write_raster(folder / "classes.tif", layout, ramp(1).data());
  const RasterReader reader(folder / "classes.tif");
  EXPECT_THAT(reader.class_names(), ElementsAre("water", "forest"));
  EXPECT_TRUE(reader.bands()[0].palette);
}

TEST(RasterRoundTrip, HalvesAreStoredInTwoBytesExactly) {
  TemporaryFolder folder;
  RasterLayout layout = small_layout(2);
  std::vector<float> values = ramp(2);
  for (float& value : values) value = std::ldexp(value, -10);
  values[5] = std::ldexp(3.0f, -24);  // the smallest halves have fewer digits
  const auto written = [&](PixelType type, Staging staging) {
    layout.type = type;
    const auto file = folder / (type == PixelType::kFloat16 ? "halves.tif" : "floats.tif");
    RasterWriter writer(file, layout, staging);
    writer.write({0, 0, layout.width, layout.height}, values.data());
    writer.finish();
    const RasterReader reader(file.string());
    std::vector<float> read(values.size());
    reader.read({0, 0, layout.width, layout.height}, band_range(2), read.data(), nullptr);
    EXPECT_EQ(read, values) << layout.format;
    return std::filesystem::file_size(file);
  };
  for (const Staging staging : {Staging::kFile, Staging::kMemory}) {
    layout.format = "COG";
    layout.creation_options = {};
    written(PixelType::kFloat16, staging);
    layout.format = "GTiff";
    layout.creation_options = {"COMPRESS=NONE"};
    // A tile of 16 x 16 pixels, two bands.
    EXPECT_NEAR(static_cast<double>(written(PixelType::kFloat32, staging) - written(PixelType::kFloat16, staging)),
                16 * 16 * 2 * 2, 100);
  }
}

TEST(RasterRoundTrip, AFourthByteBandIsDataNotTransparency) {
  const TemporaryFolder folder;
  RasterLayout layout = small_layout(4);
  layout.type = PixelType::kUInt8;
  for (const char* format : {"COG", "GTiff"}) {
    layout.format = format;
    write_raster(folder / "a.tif", layout, ramp(4).data());
    EXPECT_EQ(RasterReader(folder / "a.tif").bands().size(), 4U) << format;
  }
}

TEST(RasterRoundTrip, PicturesWithoutAPlaceAreReadAndWritten) {
  const TemporaryFolder folder;
  RasterLayout layout = small_layout(3);
  layout.type = PixelType::kUInt8;
  layout.georeference = {};
  layout.format = "PNG";
  write_raster(folder / "a.png", layout, ramp(3).data());
  const RasterReader reader(folder / "a.png");
  EXPECT_FALSE(reader.georeference().known());
  EXPECT_EQ(reader.bands().size(), 3U);
  EXPECT_FALSE(std::filesystem::exists(folder / "a.png.aux.xml"));
}

TEST(RasterRefusals, AMissingFileIsNamed) {
  EXPECT_THAT([] { RasterReader("/nowhere/at/all.tif"); },
              ThrowsMessage<DataError>(
                  AllOf(HasSubstr("/nowhere/at/all.tif"), HasSubstr("cannot be opened"), HasSubstr("check the path"))));
}

TEST(RasterRefusals, ATruncatedGeoTiffFailsWhereItEnds) {
  const TemporaryFolder folder;
  RasterLayout layout = small_layout(1);
  layout.width = layout.height = 512;
  layout.format = "GTiff";
  std::vector<float> values(512 * 512);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>((i * 7919) % 104729);
  write_raster(folder / "whole.tif", layout, values.data());
  const std::string bytes = read_text_file(folder / "whole.tif");
  std::ofstream(folder / "cut.tif", std::ios::binary) << bytes.substr(0, bytes.size() / 2);
  std::vector<uint8_t> valid(values.size());
  EXPECT_THAT(
      [&] {
        const RasterReader reader(folder / "cut.tif");
        reader.read({0, 0, 512, 512}, band_range(1), values.data(), valid.data());
      },
      ThrowsMessage<DataError>(AllOf(HasSubstr("cut.tif"), HasSubstr("damaged or cut short"))));
  std::ofstream(folder / "head.tif", std::ios::binary) << bytes.substr(0, 3);
  EXPECT_THROW(RasterReader(folder / "head.tif"), DataError);
}

TEST(RasterRefusals, ATruncatedJpegIsNoPictureWithAGreyEnd) {
  const TemporaryFolder folder;
  RasterLayout layout = small_layout(3);
  layout.width = layout.height = 256;
  layout.type = PixelType::kUInt8;
  layout.georeference = {};
  layout.format = "JPEG";
  std::vector<float> values(3 * 256 * 256);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>((i * 7919) % 251);
  write_raster(folder / "whole.jpg", layout, values.data());
  const std::string bytes = read_text_file(folder / "whole.jpg");
  std::ofstream(folder / "cut.jpg", std::ios::binary) << bytes.substr(0, bytes.size() / 2);
  const RasterReader reader(folder / "cut.jpg");
  EXPECT_THROW(reader.read({0, 0, 256, 256}, band_range(3), values.data(), nullptr), DataError);
}

}  // namespace
}  // namespace skysense
