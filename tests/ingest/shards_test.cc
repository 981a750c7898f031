#include "ingest/geotiff_shards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/error.h"
#include "core/files.h"
#include "core/random.h"
#include "data/loader.h"
#include "data/tensor_shards.h"
#include "data/views.h"
#include "ingest/build_index.h"
#include "ingest/index_dataset.h"
#include "raster/raster_writer.h"
#include "testing/temporary_folder.h"
#include "tests/ingest/same_place.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using testing::same;
using testing::TemporaryFolder;

/// Places of one HR and one MS image on exactly aligned grids, a large HR one with a hole of nodata.
void write_places(const TemporaryFolder& folder, int64_t places, int64_t ms_side, int64_t hr_per_cell) {
  fs::create_directories(folder / "data");
  std::string lines;
  for (int64_t place = 0; place < places; ++place) {
    RandomStream stream(1, 0, static_cast<uint64_t>(place), "pixels");
    const auto write = [&](const std::string& name, int64_t side, int64_t bands, double gsd, PixelType type,
                           double most) {
      RasterLayout layout;
      layout.width = layout.height = side;
      layout.bands = bands;
      layout.type = type;
      layout.format = "GTiff";
      layout.nodata = 0;
      layout.creation_options = {"TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64", "COMPRESS=DEFLATE"};
      layout.georeference = {wkt_from_text("EPSG:32631"), {500000, gsd, 0, 5600000, 0, -gsd}};
      std::vector<float> values(static_cast<size_t>(side * side * bands));
      for (float& value : values) value = static_cast<float>(stream.below(static_cast<int64_t>(most)));
      write_raster(folder / ("data/" + name), layout, values.data());
    };
    const std::string id = std::to_string(place);
    write(id + "-hr.tif", ms_side * hr_per_cell, 3, 10.0 / static_cast<double>(hr_per_cell), PixelType::kUInt8, 3);
    write(id + "-ms.tif", ms_side, 10, 10, PixelType::kUInt16, 60000);
    lines += R"({"id":"p)" + id + R"(","hr":[{"path":")" + id + R"(-hr.tif"}],"ms":[{"path":")" + id +
             R"(-ms.tif","date":"2024-03-01"}]})" + "\n";
  }
  SensorContracts contracts;
  contracts[Modality::kHr] = builtin_contract("aerial-rgb");
  contracts[Modality::kMs] = builtin_contract("sentinel2-l2a");
  write_file_atomically(folder / "data/contract.json", contracts_to_json(contracts).dump());
  write_file_atomically(folder / "data/index.jsonl", lines);
}

TEST(Shards, RealPlacesAreTheSameBitForBitFromFilesShardsAndTensors) {
  const char* data = std::getenv("SKYSENSE_TEST_DATA");
  const fs::path root = data == nullptr ? "/nowhere" : data;
  if (!fs::exists(root / "terramind_s1s2")) GTEST_SKIP() << "real imagery is not here: " << root;
  const TemporaryFolder folder;
  BuildIndexOptions index;
  for (const char* name : {"terramind_s1s2", "bigearthnet_s1s2", "worldcereal_s1s2_ts", "anysat_treesat_sample"})
    index.inputs.push_back(root / name);
  index.output = folder / "dataset";
  build_index(index);
  const std::string dataset = (folder / "dataset").string();
  write_geotiff_shards({.dataset = dataset, .output = folder / "shards", .shard_size = 4 << 20});
  write_tensor_shards({.dataset = (folder / "shards").string(), .output = folder / "tensors", .shard_size = 4 << 20});
  const IndexDataset files(folder / "dataset"), shards(folder / "shards");
  const TensorShards tensors(folder / "tensors");
  ASSERT_GE(files.size(), 8);
  ASSERT_EQ(files.size(), shards.size());
  ASSERT_EQ(files.size(), tensors.size());
  for (int64_t place = 0; place < files.size(); ++place) {
    const PlaceSample expected = files.get(place);
    EXPECT_TRUE(same(expected, shards.get(place)));
    EXPECT_TRUE(same(expected, tensors.get(place)));
  }
}

TEST(Shards, TensorsAreReadBySeveralThreadsAtOnce) {
  const TemporaryFolder folder;
  write_places(folder, 6, 16, 4);
  write_tensor_shards({.dataset = (folder / "data").string(), .output = folder / "tensors", .shard_size = 1 << 14});
  const IndexDataset files(folder / "data");
  const TensorShards tensors(folder / "tensors");
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int64_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int64_t i = 0; i < 24; ++i)
        wrong += same(files.get((i + thread) % 6), tensors.get((i + thread) % 6)) ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Shards, ViewsOfThePartThatIsReadAreThoseOfTheWholePlace) {
  const TemporaryFolder folder;
  write_places(folder, 2, 64, 4);
  write_tensor_shards({.dataset = (folder / "data").string(), .output = folder / "tensors"});
  const ViewOptions options{.global_cells = 8, .local_cells = 4, .hr_per_cell = 4, .zoom_chance = 0.7};
  const IndexDataset files(folder / "data");
  const TensorShards tensors(folder / "tensors");
  for (const PlaceDataset* dataset :
       {static_cast<const PlaceDataset*>(&files), static_cast<const PlaceDataset*>(&tensors)}) {
    for (uint64_t epoch = 0; epoch < 20; ++epoch) {
      const auto choose = [&](const auto& sizes) { return parts_of_views(sizes, options, 7, epoch, 1); };
      const PlaceSample part = dataset->get_part(1, {.choose = choose}), whole = dataset->get(1);
      EXPECT_LT(part.images[Modality::kHr]->values.numel(), whole.images[Modality::kHr]->values.numel() / 4);
      const auto expected = make_views(whole, files.contracts(), options, {}, 7, epoch, 1);
      const auto found = make_views(part, files.contracts(), options, {}, 7, epoch, 1);
      for (size_t view = 0; view < expected.size(); ++view) {
        for (const Modality modality : {Modality::kHr, Modality::kMs}) {
          EXPECT_TRUE(torch::equal(expected[view].images[modality]->values, found[view].images[modality]->values));
          EXPECT_TRUE(torch::equal(expected[view].images[modality]->valid, found[view].images[modality]->valid));
        }
      }
    }
  }
}

TEST(Shards, PlacesOfOneSceneShareItsMember) {
  const TemporaryFolder folder;
  write_places(folder, 1, 16, 4);
  const std::string line = R"(","ms":[{"path":"0-ms.tif"}]})";
  write_file_atomically(folder / "data/index.jsonl", R"({"id":"a)" + line + "\n" + R"({"id":"b)" + line + "\n");
  const ShardReport report = write_geotiff_shards({.dataset = (folder / "data").string(), .output = folder / "shards"});
  EXPECT_EQ(report.places, 2);
  EXPECT_EQ(report.members, 1);
  EXPECT_EQ(IndexDataset(folder / "shards").get(1).id, "b");
}

TEST(Shards, AFileThatCannotBeOpenedLeavesItsPlaceOut) {
  const TemporaryFolder folder;
  write_places(folder, 3, 16, 4);
  fs::remove(folder / "data/1-ms.tif");
  for (const bool tensors : {false, true}) {
    const ShardingOptions options{.dataset = (folder / "data").string(),
                                  .output = folder / (tensors ? "tensors" : "shards")};
    const ShardReport report = tensors ? write_tensor_shards(options) : write_geotiff_shards(options);
    EXPECT_EQ(report.places, 2);
    ASSERT_EQ(report.left_out.size(), 1U);
    EXPECT_THAT(report.left_out[0].reason, ::testing::HasSubstr("1-ms.tif"));
  }
  EXPECT_EQ(TensorShards(folder / "tensors").get(1).id, "p2");
}

TEST(Shards, FilesThatVanishMidEpochAreSkippedAndTheRestGoesOn) {
  const TemporaryFolder folder;
  write_places(folder, 4, 16, 4);
  const IndexDataset files(folder / "data");
  const ViewOptions views{.local_views = 1, .global_cells = 8, .local_cells = 4, .hr_per_cell = 4};
  ViewLoader loader(files, views, {}, {.seed = 1, .ahead = 1});
  loader.next();
  fs::remove(folder / "data/2-hr.tif");
  for (int step = 0; step < 8; ++step) EXPECT_EQ(loader.next().size(), 3U);
  EXPECT_EQ(loader.failures(), 1);
}

}  // namespace
}  // namespace skysense
