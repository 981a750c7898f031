#include "ingest/build_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "core/class_names.h"
#include "core/error.h"
#include "core/files.h"
#include "core/place_index.h"
#include "core/progress.h"
#include "ingest/index_dataset.h"
#include "raster/raster_writer.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

const Modality kMs = Modality::kMs, kHr = Modality::kHr, kSar = Modality::kSar;

/// One raster of a made-up archive; values rise over the pixels from `low` to `high`.
struct Piece {
  std::string path;
  int64_t bands = 1;
  PixelType type = PixelType::kUInt16;
  double low = 200, high = 4000;
  double x = 500000, y = 5600000, gsd = 10;
  int64_t side = 16;
  bool georeferenced = true;
};

void write(const fs::path& folder, const Piece& piece) {
  RasterLayout layout;
  layout.width = layout.height = piece.side;
  layout.bands = piece.bands;
  layout.type = piece.type;
  layout.format = piece.path.ends_with(".jpg") ? "JPEG" : "GTiff";
  if (piece.georeferenced)
    layout.georeference = {wkt_from_text("EPSG:32631"), {piece.x, piece.gsd, 0, piece.y, 0, -piece.gsd}};
  std::vector<float> values;
  const int64_t pixels = piece.side * piece.side;
  for (int64_t i = 0; i < piece.bands * pixels; ++i) {
    values.push_back(static_cast<float>(piece.low + (piece.high - piece.low) * static_cast<double>(i % pixels) /
                                                        static_cast<double>(pixels - 1)));
  }
  fs::create_directories((folder / piece.path).parent_path());
  write_raster(folder / piece.path, layout, values.data());
}

Piece optical(const std::string& path) { return {.path = path, .bands = 10}; }
Piece radar(const std::string& path) {
  return {.path = path, .bands = 2, .type = PixelType::kFloat32, .low = -25, .high = -3};
}
Piece picture(const std::string& path) {
  return {.path = path, .bands = 3, .type = PixelType::kUInt8, .low = 0, .high = 255, .georeferenced = false};
}

IndexReport index(const TemporaryFolder& folder, BuildIndexOptions options = {}) {
  Progress::silence(true);
  options.inputs = {folder / "archive"};
  options.output = folder / "dataset";
  options.overwrite = true;
  return build_index(options);
}

std::vector<PlaceRecord> places(const TemporaryFolder& folder) {
  return read_place_index(folder / "dataset" / "index.jsonl");
}

std::map<std::string, std::string> reasons(const IndexReport& report) {
  std::map<std::string, std::string> by_name;
  for (const SkippedInput& input : report.skipped) by_name[fs::path(input.path).filename().string()] = input.reason;
  return by_name;
}

TEST(BuildIndex, SeriesAndModalitiesOfOneGroundBecomeOnePlace) {
  const TemporaryFolder folder;
  write(folder / "archive", optical("S2L2A/west_20200501.tif"));
  write(folder / "archive", optical("S2L2A/west_20200301.tif"));
  write(folder / "archive", radar("S1/west_20200407.tif"));
  Piece east = optical("S2L2A/east.tif");
  east.x = 500160;
  write(folder / "archive", east);
  write(folder / "archive", {.path = "LULC/west.tif", .type = PixelType::kUInt8, .low = 0, .high = 8});
  const IndexReport report = index(folder);
  const auto found = places(folder);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].id, "archive/east");
  const PlaceRecord& west = found[1];
  ASSERT_EQ(west.images[kMs].size(), 2U);
  EXPECT_EQ(west.images[kMs][0].date->text(), "2020-03-01") << "in the order of their dates";
  EXPECT_EQ(west.images[kSar].size(), 1U);
  EXPECT_EQ(west.label, "../archive/LULC/west.tif");
  EXPECT_NEAR(*west.latitude_deg, 50.55, 0.05);
  EXPECT_EQ(report.labels, 1);
  EXPECT_EQ(report.sensors[kMs], "sentinel2-l2a");
  EXPECT_TRUE(report.skipped.empty());
  const PlaceSample sample = IndexDataset(folder / "dataset").get(1);
  EXPECT_EQ(sample.images[kMs]->values.sizes(), (std::vector<int64_t>{2, 10, 16, 16}));
}

TEST(BuildIndex, FilesABandBecomeOneImageInTheContractsOrder) {
  const TemporaryFolder folder;
  for (const char* band : {"B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12", "B01"}) {
    Piece piece{.path =
                    std::string("S2A_MSIL2A_20170613T101031_87_48/S2A_MSIL2A_20170613T101031_87_48_") + band + ".tif"};
    if (piece.path.ends_with("B12.tif")) {
      piece.gsd = 20;
      piece.side = 8;
    }
    write(folder / "archive", piece);
  }
  for (const char* band : {"VH", "VV"}) {
    Piece piece = radar(
        std::string("S1A_IW_GRDH_1SDV_20170613T165043_33UUP_87_48/S1A_IW_GRDH_1SDV_20170613T165043_33UUP_87_48_") +
        band + ".tif");
    piece.bands = 1;
    write(folder / "archive", piece);
  }
  index(folder);
  const auto found = places(folder);
  ASSERT_EQ(found.size(), 1U);
  ASSERT_EQ(found[0].images[kMs].at(0).paths.size(), 10U);
  EXPECT_THAT(found[0].images[kMs][0].paths.back(), HasSubstr("_B12.tif"));
  EXPECT_THAT(found[0].images[kSar].at(0).paths, ElementsAre(HasSubstr("_VV.tif"), HasSubstr("_VH.tif")));
  EXPECT_EQ(found[0].images[kMs][0].date->text(), "2017-06-13");
  EXPECT_EQ(IndexDataset(folder / "dataset").get(0).images[kMs]->values.size(2), 16);
}

TEST(BuildIndex, ClassFoldersOfPicturesGiveClasses) {
  const TemporaryFolder folder;
  for (const char* name : {"Port/a.jpg", "Beach/b.jpg", "Port/c.jpg"}) write(folder / "archive", picture(name));
  const IndexReport report = index(folder);
  EXPECT_THAT(report.classes, ElementsAre("Beach", "Port"));
  EXPECT_THAT(read_class_names(folder / "dataset" / kClassesFile), ElementsAre("Beach", "Port"));
  const auto found = places(folder);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].id, "archive/Beach/b");
  EXPECT_EQ(found[0].scene_class, 0);
  EXPECT_EQ(found[2].scene_class, 1);
}

TEST(BuildIndex, AnHrTileGetsTheSatelliteImagesThatContainIt) {
  const TemporaryFolder folder;
  write(folder / "archive", optical("S2L2A/scene_20200501.tif"));
  Piece tile = picture("aerial/tile.tif");
  tile.georeferenced = true;
  tile.x = 500040;
  tile.y = 5599960;
  tile.gsd = 1;
  tile.side = 40;
  write(folder / "archive", tile);
  index(folder);
  const auto found = places(folder);
  ASSERT_EQ(found.size(), 1U) << "the scene is no place of its own";
  EXPECT_EQ(found[0].images[kMs].size(), 1U);
  const PlaceSample sample = IndexDataset(folder / "dataset").get(0);
  EXPECT_EQ(sample.images[kMs]->values.size(2), 4);
  EXPECT_EQ(sample.images[kHr]->values.size(2), 40);
}

TEST(BuildIndex, WhatIsLeftOutIsNamedWithTheReason) {
  const TemporaryFolder folder;
  write(folder / "archive", optical("S2L2A/good.tif"));
  Piece reflectance = optical("S2L2A/reflectance.tif");
  reflectance.type = PixelType::kFloat32;
  reflectance.low = 0.01;
  reflectance.high = 0.6;
  write(folder / "archive", reflectance);
  Piece empty = optical("S2L2A/empty.tif");
  empty.low = empty.high = 0;
  write(folder / "archive", empty);
  Piece linear = radar("S1/linear.tif");
  linear.low = 0.01;
  linear.high = 0.5;
  write(folder / "archive", linear);
  write(folder / "archive", {.path = "NDVI/good.tif", .type = PixelType::kFloat32, .low = -1, .high = 1});
  Piece l1c = optical("S2L1C/good.tif");
  l1c.bands = 13;
  write(folder / "archive", l1c);
  write(folder / "archive", {.path = "other/two.tif", .bands = 2});
  write(folder / "archive", optical("S2L2A/cut.tif"));
  fs::resize_file(folder / "archive/S2L2A/cut.tif", 900);
  std::ofstream(folder / "archive/S2L2A/text.tif") << "no raster";
  const auto by_name = reasons(index(folder));
  EXPECT_THAT(by_name.at("reflectance.tif"), HasSubstr("reflectance already"));
  EXPECT_THAT(by_name.at("empty.tif"), HasSubstr("no valid pixel"));
  EXPECT_THAT(by_name.at("linear.tif"), HasSubstr("10*log10"));
  EXPECT_THAT(by_name.at("two.tif"), HasSubstr("--sensor"));
  EXPECT_THAT(by_name.at("cut.tif"), HasSubstr("cut.tif"));
  EXPECT_THAT(by_name.at("text.tif"), HasSubstr("cannot be opened"));
  EXPECT_THAT(by_name.at("good.tif"), AllOf(HasSubstr("sentinel2-l1c"), HasSubstr("one a modality")));
  EXPECT_EQ(places(folder).size(), 1U);
}

TEST(BuildIndex, SkySenseListsAreTaken) {
  const TemporaryFolder folder;
  write(folder / "archive", optical("imgs/ms_20200501.tif"));
  write(folder / "archive", radar("imgs/sar_20200502.tif"));
  std::ofstream(folder / "archive/list.json")
      << R"([{"hr_path":"","s2_path":["imgs/ms_20200501.tif","imgs/gone.tif"],"s1_path":["imgs/sar_20200502.tif"],"target_path":""}])";
  const IndexReport report = index(folder);
  const auto found = places(folder);
  ASSERT_EQ(found.size(), 1U) << "what the list names is not found a second time";
  EXPECT_EQ(found[0].id, "list/000000");
  EXPECT_EQ(found[0].images[kMs].at(0).date->text(), "2020-05-01");
  EXPECT_EQ(found[0].images[kSar].size(), 1U);
  EXPECT_TRUE(reasons(report).contains("gone.tif"));
}

TEST(BuildIndex, TheBandMapAndSensorOfTheUserAreKept) {
  const TemporaryFolder folder;
  Piece infrared = picture("flight/a.tif");
  infrared.bands = 4;
  infrared.georeferenced = true;
  infrared.gsd = 0.5;
  write(folder / "archive", infrared);
  BuildIndexOptions options;
  options.sensors = {"aerial-rgb"};
  options.bands = "red=4,green=2,blue=3";
  index(folder, options);
  EXPECT_EQ(places(folder)[0].images[kHr].at(0).bands, "red=4,green=2,blue=3");
  EXPECT_EQ(IndexDataset(folder / "dataset").get(0).images[kHr]->values.size(1), 3);
}

TEST(BuildIndex, AFolderWithoutUsableImagesLeavesNoDataset) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "archive");
  EXPECT_THAT([&] { index(folder); }, ThrowsMessage<DataError>(HasSubstr("no usable image")));
  EXPECT_FALSE(fs::exists(folder / "dataset"));
}

TEST(BuildIndex, AnEarlierDatasetIsKeptUnlessToldOtherwise) {
  const TemporaryFolder folder;
  write(folder / "archive", optical("S2L2A/a.tif"));
  index(folder);
  BuildIndexOptions options;
  options.inputs = {folder / "archive"};
  options.output = folder / "dataset";
  EXPECT_THAT([&] { build_index(options); }, ThrowsMessage<DataError>(HasSubstr("--overwrite")));
}

}  // namespace
}  // namespace skysense
