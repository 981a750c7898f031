#include "ingest/index_dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/place_index.h"
#include "core/sensor_contract.h"
#include "ingest/band_statistics.h"
#include "raster/raster_writer.h"
#include "testing/all_close.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using testing::all_close;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

const Modality kMs = Modality::kMs, kHr = Modality::kHr, kSar = Modality::kSar;

RasterLayout layout_of(int64_t side, int64_t bands, double gsd, PixelType type, double x = 500000, double y = 5600000) {
  RasterLayout layout;
  layout.width = layout.height = side;
  layout.bands = bands;
  layout.type = type;
  layout.format = "GTiff";
  layout.georeference = {wkt_from_text("EPSG:32631"), {x, gsd, 0, y, 0, -gsd}};
  return layout;
}

void write_constant(const std::filesystem::path& path, const RasterLayout& layout, float value) {
  write_raster(path, layout,
               std::vector<float>(static_cast<size_t>(layout.width * layout.height * layout.bands), value).data());
}

/// A dataset of one place whose line is `json`, with the built-in contracts.
void write_dataset(const TemporaryFolder& folder, const std::string& json) {
  SensorContracts contracts;
  contracts[kHr] = builtin_contract("aerial-rgb");
  contracts[kMs] = builtin_contract("sentinel2-l2a");
  contracts[kSar] = builtin_contract("sentinel1-grd-db");
  write_file_atomically(folder / "contract.json", contracts_to_json(contracts).dump());
  write_file_atomically(folder / "index.jsonl", json + "\n");
}

TEST(IndexDataset, StoredValuesBecomePhysicalOnesWithDates) {
  const TemporaryFolder folder;
  write_constant(folder / "a.tif", layout_of(8, 10, 10, PixelType::kUInt16), 2500);
  write_dataset(folder, R"({"id":"p","ms":[{"path":"a.tif","date":"2021-02-01"}],"lonlat":[3,50],"class":4})");
  const IndexDataset dataset(folder.path());
  ASSERT_EQ(dataset.size(), 1);
  const PlaceSample place = dataset.get(0);
  ASSERT_TRUE(place.images[kMs]);
  EXPECT_TRUE(all_close(place.images[kMs]->values, torch::full({1, 10, 8, 8}, 0.25F)));
  EXPECT_EQ(place.images[kMs]->day_of_year[0].item<int64_t>(), 32);
  EXPECT_TRUE(place.images[kMs]->valid.all().item<bool>());
  EXPECT_FALSE(place.images[kHr] || place.images[kSar]);
  EXPECT_EQ(place.scene_class, 4);
  EXPECT_EQ(place.longitude_deg, 3);
}

TEST(IndexDataset, OneFileABandAtAnyPixelSizeComesOntoTheFinestGrid) {
  const TemporaryFolder folder;
  std::vector<std::string> paths;
  const SensorContract contract = builtin_contract("sentinel2-l2a");
  for (size_t band = 0; band < contract.bands.size(); ++band) {
    const bool fine = contract.bands[band].name == "B02" || contract.bands[band].name == "B08";
    paths.push_back(contract.bands[band].name + ".tif");
    write_constant(folder / paths.back(), layout_of(fine ? 12 : 6, 1, fine ? 10 : 20, PixelType::kUInt16),
                   1000 + 100 * static_cast<float>(band));
  }
  write_dataset(folder, nlohmann::json({{"id", "p"}, {"ms", {{{"path", paths}}}}}).dump());
  const PlaceSample place = IndexDataset(folder.path()).get(0);
  const auto& values = place.images[kMs]->values;
  ASSERT_EQ(values.sizes(), (std::vector<int64_t>{1, 10, 12, 12}));
  for (int64_t band = 0; band < 10; ++band)
    EXPECT_TRUE(all_close(values[0][band], torch::full({12, 12}, 0.1F + 0.01F * static_cast<float>(band))));
}

TEST(IndexDataset, AllModalitiesCoverTheSameGround) {
  const TemporaryFolder folder;
  // The aerial image covers 60.8 m, the satellite's 80 m: what they share is 60 m of whole 10 m pixels.
  RasterLayout hr = layout_of(304, 3, 0.2, PixelType::kUInt8, 500009.6, 5599990.4);
  write_constant(folder / "hr.tif", hr, 51);
  RasterLayout ms = layout_of(8, 10, 10, PixelType::kUInt16);
  std::vector<float> values;
  for (int64_t band = 0; band < 10; ++band) {
    for (int64_t i = 0; i < 64; ++i) values.push_back(static_cast<float>(1000 + i));
  }
  write_raster(folder / "ms.tif", ms, values.data());
  write_dataset(folder, R"({"id":"p","hr":[{"path":"hr.tif"}],"ms":[{"path":"ms.tif"}]})");
  const PlaceSample place = IndexDataset(folder.path()).get(0);
  ASSERT_EQ(place.images[kMs]->values.sizes(), (std::vector<int64_t>{1, 10, 6, 6}));
  ASSERT_EQ(place.images[kHr]->values.sizes(), (std::vector<int64_t>{1, 3, 300, 300}));
  EXPECT_NEAR(place.images[kMs]->values[0][0][0][0].item<float>(), 0.1009F, 1e-6)
      << "the second pixel of the second row";
  EXPECT_TRUE(place.images[kHr]->valid.all().item<bool>());
}

TEST(IndexDataset, ImagesOfOneModalityOnOtherGridsAreResampledAndEmptyOnesDropped) {
  const TemporaryFolder folder;
  const auto nodata = std::numeric_limits<double>::quiet_NaN();
  RasterLayout sar = layout_of(8, 2, 10, PixelType::kFloat32);
  sar.nodata = nodata;
  write_constant(folder / "a.tif", sar, -12);
  RasterLayout coarse = layout_of(5, 2, 25, PixelType::kFloat32, 499990, 5600010);
  write_constant(folder / "b.tif", coarse, -15);
  write_constant(folder / "empty.tif", sar, std::numeric_limits<float>::quiet_NaN());
  write_dataset(
      folder,
      R"({"id":"p","sar":[{"path":"a.tif","date":"2020-03-01"},{"path":"empty.tif","date":"2020-04-01"},{"path":"b.tif"}]})");
  const IndexDataset dataset(folder.path());
  const PlaceSample place = dataset.get(0);
  ASSERT_EQ(place.images[kSar]->values.sizes(), (std::vector<int64_t>{2, 2, 8, 8}));
  EXPECT_TRUE(all_close(place.images[kSar]->values[1], torch::full({2, 8, 8}, -15.F)));
  EXPECT_EQ(place.images[kSar]->day_of_year[0].item<int64_t>(), 61);
  EXPECT_EQ(place.images[kSar]->day_of_year[1].item<int64_t>(), 0) << "undated";
  EXPECT_EQ(dataset.counts().images, 3);
  EXPECT_EQ(dataset.counts().dropped_images, 1);
}

TEST(IndexDataset, AnSclLayerMasksCloudsPerPixel) {
  const TemporaryFolder folder;
  write_constant(folder / "a.tif", layout_of(4, 10, 10, PixelType::kUInt16), 2500);
  const std::vector<float> classes = {4, 9, 5, 3};  // vegetation, cloud, bare soil, shadow
  write_raster(folder / "SCL.tif", layout_of(2, 1, 20, PixelType::kUInt8), classes.data());
  write_dataset(folder, R"({"id":"p","ms":[{"path":"a.tif","validity":"SCL.tif"}]})");
  const auto valid = IndexDataset(folder.path()).get(0).images[kMs]->valid[0];
  EXPECT_EQ(valid.sum().item<int64_t>(), 8);
  EXPECT_TRUE(valid[0][0].item<bool>() && valid[3][0].item<bool>());
  EXPECT_FALSE(valid[0][3].item<bool>() || valid[3][3].item<bool>());
}

TEST(IndexDataset, LabelsComeOnTheGroundWithMinusOneForNodata) {
  const TemporaryFolder folder;
  write_constant(folder / "a.tif", layout_of(4, 10, 10, PixelType::kUInt16), 2500);
  RasterLayout label = layout_of(6, 1, 10, PixelType::kUInt8, 499990, 5600010);
  label.nodata = 255;
  std::vector<float> classes(36, 3);
  classes[7] = 255;  // the ground's first pixel
  write_raster(folder / "label.tif", label, classes.data());
  write_dataset(folder, R"({"id":"p","ms":[{"path":"a.tif"}],"label":"label.tif"})");
  const auto found = IndexDataset(folder.path()).get(0).label;
  ASSERT_EQ(found.sizes(), (std::vector<int64_t>{4, 4}));
  EXPECT_EQ(found[0][0].item<int64_t>(), -1);
  EXPECT_EQ(found[0][1].item<int64_t>(), 3);
}

/// A 10-band image of side 32 at (500000, 5600000) whose values are 1000 + 32 row + column.
void write_numbered(const std::filesystem::path& path) {
  std::vector<float> values;
  for (int64_t band = 0; band < 10; ++band) {
    for (int64_t i = 0; i < 32 * 32; ++i) values.push_back(static_cast<float>(1000 + i));
  }
  write_raster(path, layout_of(32, 10, 10, PixelType::kUInt16), values.data());
}

TEST(IndexDataset, AGroundCutsItsBoxFromLargerImages) {
  const TemporaryFolder folder;
  write_numbered(folder / "ms.tif");
  write_constant(folder / "hr.tif", layout_of(200, 3, 1.7, PixelType::kUInt8), 51);
  write_constant(folder / "sar.tif", layout_of(8, 2, 20, PixelType::kFloat32), -12);
  write_dataset(folder, R"({"id":"p","hr":[{"path":"hr.tif"}],"ms":[{"path":"ms.tif"}],"sar":[{"path":"sar.tif"}],)"
                        R"("ground":{"crs":"EPSG:32631","box":[500080,5599800,500240,5599920]}})");
  const PlaceSample place = IndexDataset(folder.path()).get(0);
  ASSERT_EQ(place.images[kMs]->values.sizes(), (std::vector<int64_t>{1, 10, 12, 16}));
  EXPECT_NEAR(place.images[kMs]->values[0][0][0][0].item<float>(), 0.1 + (8 * 32 + 8) * 1e-4, 1e-6)
      << "the ninth pixel of the ninth row, not resampled";
  EXPECT_TRUE(place.images[kMs]->valid.all().item<bool>());
  EXPECT_EQ(place.images[kHr]->values.sizes(), (std::vector<int64_t>{1, 3, 120, 160})) << "the contract's 1 m: r = 10";
  ASSERT_EQ(place.images[kSar]->values.sizes(), (std::vector<int64_t>{1, 2, 12, 16}));
  const auto valid = place.images[kSar]->valid[0];
  EXPECT_TRUE(valid[0][7].item<bool>()) << "the image ends 160 m east of its corner";
  EXPECT_FALSE(valid[0][8].item<bool>());
}

TEST(IndexDataset, TheValidityOfASceneIsCutWithIt) {
  const TemporaryFolder folder;
  write_numbered(folder / "ms.tif");
  RasterLayout layer = layout_of(16, 1, 20, PixelType::kUInt8);
  std::vector<float> classes(256, 4);
  classes[5 * 16 + 6] = 9;  // a cloud over MS rows 10, 11 and columns 12, 13
  write_raster(folder / "scl.tif", layer, classes.data());
  write_dataset(folder, R"({"id":"p","ms":[{"path":"ms.tif","validity":"scl.tif"}],)"
                        R"("ground":{"crs":"EPSG:32631","box":[500080,5599800,500240,5599920]}})");
  const auto valid = IndexDataset(folder.path()).get(0).images[kMs]->valid[0];
  auto expected = torch::ones({12, 16}, torch::kBool);
  for (const int64_t row : {2, 3}) {
    for (const int64_t column : {4, 5}) expected[row][column] = false;
  }
  EXPECT_TRUE(valid.equal(expected));
}

TEST(IndexDataset, WhatAnImageAddsBringsItToTheContract) {
  const TemporaryFolder folder;
  write_constant(folder / "old.tif", layout_of(8, 10, 10, PixelType::kUInt16), 2500);
  write_constant(folder / "new.tif", layout_of(8, 10, 10, PixelType::kUInt16), 3500);
  write_dataset(folder, R"({"id":"p","ms":[{"path":"old.tif"},{"path":"new.tif","add":-1000}]})");
  const auto values = IndexDataset(folder.path()).get(0).images[kMs]->values;
  EXPECT_TRUE(all_close(values, torch::full({2, 10, 8, 8}, 0.25F)));
}

TEST(IndexDataset, AGroundThatCannotBeCutIsRefused) {
  const TemporaryFolder folder;
  write_numbered(folder / "ms.tif");
  const auto refuses = [&](const std::string& ground, const std::string& reason) {
    write_dataset(folder, R"({"id":"p","ms":[{"path":"ms.tif"}],"ground":)" + ground + "}");
    EXPECT_THAT([&] { IndexDataset(folder.path()).get(0); },
                ThrowsMessage<DataError>(AllOf(HasSubstr("place p"), HasSubstr(reason))));
  };
  refuses(R"({"crs":"EPSG:4326","box":[3,50,3.01,50.01]})", "no units of length");
  refuses(R"({"crs":"here","box":[0,0,1,1]})", "is no coordinate reference system");
  refuses(R"({"crs":"EPSG:32631","box":[0,0,1e6,1e6]})", "cut smaller places");
}

TEST(IndexDataset, RefusalsNameThePlaceTheFileAndTheBand) {
  const TemporaryFolder folder;
  write_constant(folder / "three.tif", layout_of(4, 3, 10, PixelType::kUInt16), 2500);
  write_dataset(folder, R"({"id":"far away","ms":[{"path":"three.tif"}]})");
  EXPECT_THAT([&] { IndexDataset(folder.path()).get(0); },
              ThrowsMessage<DataError>(
                  AllOf(HasSubstr("place far away"), HasSubstr("three.tif"), HasSubstr("band B02 is missing"))));
  write_dataset(folder, R"({"id":"p","hr":[{"path":"gone.jpg"}]})");
  EXPECT_THAT([&] { IndexDataset(folder.path()).get(0); }, ThrowsMessage<DataError>(HasSubstr("gone.jpg")));
  write_constant(folder / "a.tif", layout_of(4, 10, 10, PixelType::kUInt16), 2500);
  write_constant(folder / "elsewhere.tif", layout_of(4, 2, 10, PixelType::kFloat32, 600000), -12);
  write_dataset(folder, R"({"id":"p","ms":[{"path":"a.tif"}],"sar":[{"path":"elsewhere.tif"}]})");
  EXPECT_THAT([&] { IndexDataset(folder.path()).get(0); }, ThrowsMessage<DataError>(HasSubstr("share no ground")));
}

TEST(BandStatistics, AreThoseOfValidPixelsInPhysicalUnits) {
  const TemporaryFolder folder;
  RasterLayout layout = layout_of(4, 2, 10, PixelType::kFloat32);
  layout.nodata = -99;
  std::vector<float> values(32, -99);
  for (size_t i = 0; i < 8; ++i) {
    values[i] = i % 2 == 0 ? -10 : -14;
    values[16 + i] = -20;
  }
  write_raster(folder / "a.tif", layout, values.data());
  write_dataset(folder, R"({"id":"p","sar":[{"path":"a.tif"}]})");
  const SensorContracts contracts = measure_statistics(IndexDataset(folder.path()), {}, [](int64_t, int64_t) {});
  EXPECT_NEAR(contracts[kSar]->bands[0].mean, -12, 1e-9);
  EXPECT_NEAR(contracts[kSar]->bands[0].std, 2, 1e-9);
  EXPECT_NEAR(contracts[kSar]->bands[1].mean, -20, 1e-9);
  EXPECT_EQ(contracts[kSar]->bands[1].std, 1e-6);
  EXPECT_EQ(contracts[kMs]->bands[0].mean, builtin_contract("sentinel2-l2a").bands[0].mean) << "no pixel, no change";
}

}  // namespace
}  // namespace skysense
