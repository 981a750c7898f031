#include "ingest/place_cut.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/random.h"
#include "data/tensor_shards.h"
#include "ingest/geotiff_shards.h"
#include "ingest/index_dataset.h"
#include "raster/raster_reader.h"
#include "raster/raster_writer.h"
#include "testing/temporary_folder.h"
#include "tests/ingest/same_place.h"

namespace skysense {
namespace {

using ::testing::HasSubstr;
using testing::same;
using testing::TemporaryFolder;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

RasterLayout layout_of(int64_t side, int64_t bands, double gsd, PixelType type, double x = 500000, double y = 5600640) {
  RasterLayout layout;
  layout.width = layout.height = side;
  layout.bands = bands;
  layout.type = type;
  layout.format = "GTiff";
  layout.georeference = {wkt_from_text("EPSG:32631"), {x, gsd, 0, y, 0, -gsd}};
  return layout;
}

/// A raster of random whole numbers of [low, high), `hole` in a twentieth of them.
void write_random(const std::filesystem::path& path, const RasterLayout& layout, int64_t low, int64_t high,
                  std::optional<float> hole = std::nullopt) {
  RandomStream stream(3, 0, std::hash<std::string>{}(path.filename().string()), "pixels");
  const int64_t plane = layout.width * layout.height;
  std::vector<float> values(static_cast<size_t>(plane * layout.bands));
  for (float& value : values) value = static_cast<float>(low + stream.below(high - low));
  for (int64_t i = 0; i < plane && hole; ++i) {
    if (stream.below(20) != 0) continue;
    for (int64_t band = 0; band < layout.bands; ++band) values[static_cast<size_t>(band * plane + i)] = *hole;
  }
  write_raster(path, layout, values.data());
}

/// Scenes of 640 m whose places of 160 m at (500160, 5600160) and (500320, 5600320) see: MS of the places' own grid
/// with nodata and clouds, MS that ends within the second place, MS of another pixel size and of another zone; SAR on
/// the grid and off it; HR without nodata; an image that is empty there; a label.
void write_scenes(const TemporaryFolder& folder) {
  std::filesystem::create_directories(folder / "data/scenes");
  const auto path = [&](const std::string& name) { return folder / ("data/scenes/" + name); };
  RasterLayout ms = layout_of(64, 10, 10, PixelType::kUInt16);
  ms.nodata = 0;
  write_random(path("ms.tif"), ms, 1, 65535, 0.F);
  write_random(path("SCL.tif"), layout_of(32, 1, 20, PixelType::kUInt8), 0, 12);
  write_random(path("ends.tif"), layout_of(40, 10, 10, PixelType::kInt16), -50, 20000);
  RasterLayout coarse = layout_of(40, 10, 16, PixelType::kUInt16);
  coarse.nodata = 7;
  write_random(path("coarse.tif"), coarse, 100, 20000, 7.F);
  RasterLayout zone = layout_of(120, 10, 10, PixelType::kUInt16, 74900.5, 5618100.25);
  zone.georeference.wkt = wkt_from_text("EPSG:32632");
  write_random(path("zone.tif"), zone, 100, 20000);
  RasterLayout empty = ms;
  write_random(path("empty.tif"), empty, 0, 1);
  write_random(path("sar.tif"), layout_of(64, 2, 10, PixelType::kFloat32), -40, 10, kNaN);
  RasterLayout shifted = layout_of(64, 2, 10, PixelType::kFloat32, 500003, 5600636);
  shifted.nodata = -99;
  write_random(path("shifted.tif"), shifted, -40, 10, -99.F);
  write_random(path("hr.tif"), layout_of(200, 3, 2.5, PixelType::kUInt8, 500000, 5600640), 0, 256);
  RasterLayout label = layout_of(160, 1, 5, PixelType::kUInt8, 499900, 5600700);
  label.nodata = 255;
  label.class_names = {"water", "land"};
  write_random(path("label.tif"), label, 0, 4, 255.F);
  SensorContracts contracts;
  contracts[Modality::kHr] = builtin_contract("aerial-rgb");
  contracts[Modality::kHr]->gsd_m = 2.5;
  contracts[Modality::kMs] = builtin_contract("sentinel2-l2a");
  contracts[Modality::kSar] = builtin_contract("sentinel1-grd-db");
  write_file_atomically(folder / "data/contract.json", contracts_to_json(contracts).dump());
  const std::string images =
      R"("hr":[{"path":"scenes/hr.tif"}],)"
      R"("ms":[{"path":"scenes/ms.tif","validity":"scenes/SCL.tif","date":"2023-06-01"},)"
      R"({"path":"scenes/ms.tif","add":-1000,"date":"2023-06-02"},{"path":"scenes/ends.tif"},)"
      R"({"path":"scenes/empty.tif","date":"2023-06-03"},{"path":"scenes/coarse.tif","date":"2023-06-04"},)"
      R"({"path":"scenes/coarse.tif","validity":"scenes/SCL.tif","date":"2023-06-05"},)"
      R"({"path":"scenes/zone.tif","date":"2023-06-06"}],)"
      R"("sar":[{"path":"scenes/sar.tif","date":"2023-06-01"},{"path":"scenes/shifted.tif","date":"2023-06-02"}],)"
      R"("label":"scenes/label.tif","lonlat":[3,50],"ground":{"crs":"EPSG:32631","box":)";
  write_file_atomically(folder / "data/index.jsonl", R"({"id":"a",)" + images + "[500160,5600160,500320,5600320]}}\n" +
                                                         R"({"id":"b",)" + images +
                                                         "[500320,5600320,500480,5600480]}}\n");
}

TEST(PlaceCut, ShardsOfPlacesCutFromScenesReadBitForBitAsTheScenes) {
  const TemporaryFolder folder;
  write_scenes(folder);
  const std::string data = (folder / "data").string();
  const ShardReport report = write_geotiff_shards({.dataset = data, .output = folder / "shards"});
  EXPECT_TRUE(report.left_out.empty());
  EXPECT_EQ(report.members, 2 * (1 + 6 + 2 + 1)) << "all but the empty image";
  write_tensor_shards({.dataset = data, .output = folder / "tensors"});
  write_geotiff_shards({.dataset = (folder / "shards").string(), .output = folder / "again"});
  const IndexDataset scenes(folder / "data"), shards(folder / "shards"), again(folder / "again");
  const TensorShards tensors(folder / "tensors");
  for (int64_t place = 0; place < 2; ++place) {
    const PlaceSample expected = scenes.get(place);
    ASSERT_EQ(expected.images[Modality::kMs]->values.sizes(), (std::vector<int64_t>{6, 10, 16, 16}));
    EXPECT_GT((~expected.images[Modality::kMs]->valid).sum().item<int64_t>(), 100) << "there is much to mask";
    EXPECT_EQ(expected.images[Modality::kHr]->valid.all().item<bool>(), true);
    EXPECT_TRUE(same(expected, shards.get(place)));
    EXPECT_TRUE(same(expected, tensors.get(place)));
    EXPECT_TRUE(same(expected, again.get(place))) << "places that are cut already";
  }
}

TEST(PlaceCut, PixelsOfTheFilesKeepTypeAndNodataAndResampledOnesBecomeFloats) {
  const TemporaryFolder folder;
  write_scenes(folder);
  const auto write_member = [&](const std::string& image, const std::string& mask) {
    PlaceImage place_image;
    place_image.paths = {(folder / ("data/scenes/" + image)).string()};
    if (!mask.empty()) place_image.validity = (folder / ("data/scenes/" + mask)).string();
    const bool radar = image == "sar.tif" || image == "shifted.tif";
    const SensorContract contract = builtin_contract(radar ? "sentinel1-grd-db" : "sentinel2-l2a");
    const TargetGrid grid{wkt_from_text("EPSG:32631"), {500320, 10, 0, 5600480, 0, -10}, 16, 16};
    const auto bytes = cut_image(place_image, contract, grid);
    EXPECT_TRUE(bytes.has_value()) << image;
    write_file_atomically(folder / "member.tif", *bytes);
    return RasterReader(folder / "member.tif");
  };
  const RasterReader ms = write_member("ms.tif", "");
  EXPECT_EQ(ms.bands()[9].type, "UInt16");
  EXPECT_EQ(ms.bands()[9].name, "B12");
  EXPECT_EQ(ms.bands()[9].nodata, 0.0);
  EXPECT_EQ(ms.georeference().transform, (std::array<double, 6>{500320, 10, 0, 5600480, 0, -10}));
  EXPECT_TRUE(write_member("ms.tif", "SCL.tif").declares_invalid_pixels());
  EXPECT_EQ(write_member("ends.tif", "").bands()[0].type, "Int16");
  const RasterReader coarse = write_member("coarse.tif", "");
  EXPECT_EQ(coarse.bands()[0].type, "Float32");
  EXPECT_TRUE(std::isnan(coarse.bands()[0].nodata.value_or(0)));
  EXPECT_EQ(write_member("sar.tif", "").bands()[0].type, "Float32");
}

TEST(PlaceCut, APlaceWhoseSceneIsDamagedOrEmptyIsLeftOutByName) {
  const TemporaryFolder folder;
  write_scenes(folder);
  const std::string ground = R"("ground":{"crs":"EPSG:32631","box":[500160,5600160,500320,5600320]}})"
                             "\n";
  write_file_atomically(folder / "data/index.jsonl", R"({"id":"good","ms":[{"path":"scenes/ms.tif"}],)" + ground +
                                                         R"({"id":"bad","ms":[{"path":"scenes/cut.tif"}],)" + ground +
                                                         R"({"id":"bare","ms":[{"path":"scenes/empty.tif"}],)" +
                                                         ground);
  const std::string bytes = read_text_file(folder / "data/scenes/ms.tif");
  write_file_atomically(folder / "data/scenes/cut.tif", bytes.substr(0, bytes.size() / 2));
  const ShardReport report = write_geotiff_shards({.dataset = (folder / "data").string(), .output = folder / "shards"});
  EXPECT_EQ(report.places, 1);
  ASSERT_EQ(report.left_out.size(), 2U);
  EXPECT_THAT(report.left_out[0].reason, HasSubstr("cut.tif"));
  EXPECT_EQ(report.left_out[1].id, "bare");
  EXPECT_THAT(report.left_out[1].reason, HasSubstr("valid pixel"));
}

}  // namespace
}  // namespace skysense
