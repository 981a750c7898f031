#include "infer/scene.h"

#include <gmock/gmock.h>

#include <cmath>

#include "core/error.h"
#include "testing/error_of.h"
#include "testing/temporary_folder.h"
#include "tests/infer/scene_files.h"

namespace skysense {
namespace {

using testing::error_of;
using ::testing::HasSubstr;
using testing::Place;
using testing::small_contract;
using testing::TemporaryFolder;
using testing::write_scene;

float ramp(int64_t band, int64_t row, int64_t column) {
  return static_cast<float>(100 * (band + 1) + row * 3 + column);
}

SceneRequest request_for(std::initializer_list<Modality> modalities) {
  SceneRequest request;
  for (const Modality modality : modalities) request.wanted[modality] = small_contract(modality, 2);
  return request;
}

TEST(Scene, ReadsPhysicalValuesAndNothingBeyondTheRaster) {
  const TemporaryFolder folder;
  SceneRequest request = request_for({Modality::kMs});
  request.images[Modality::kMs] = {
      {write_scene(folder / "a.tif", {}, 2, PixelType::kUInt16, ramp), parse_date("2024-02-01"), ""}};
  Scene scene(request);
  EXPECT_EQ(scene.extent().cells(), 64 * 64);
  CellWindow window = scene.extent();
  window.row -= 2;
  const RegionImages region = scene.read(window)[0];
  const ImageSeries& series = *region[Modality::kMs];
  EXPECT_FALSE(series.valid[0][1].any().item<bool>());
  EXPECT_TRUE(series.valid[0][2].all().item<bool>());
  EXPECT_NEAR(series.values[0][1][12][5].item<float>(), (200 + 10 * 3 + 5) * 0.01, 1e-5);
  EXPECT_EQ(series.day_of_year[0].item<int64_t>(), 32);
}

TEST(Scene, BandsGoToTheModelInItsOrder) {
  const TemporaryFolder folder;
  SceneRequest request = request_for({Modality::kMs});
  request.images[Modality::kMs] = {{write_scene(folder / "a.tif", {}, 3, PixelType::kUInt16, ramp), {}, ""}};
  request.reading.bands = "T1=3,T2=1";
  Scene scene(request);
  const auto values = scene.read(scene.extent())[0][Modality::kMs]->values;
  EXPECT_NEAR(values[0][0][0][0].item<float>(), 3, 1e-5);
  EXPECT_NEAR(values[0][1][0][0].item<float>(), 1, 1e-5);
}

TEST(Scene, CountsEachPixelOnceAndNamesNaN) {
  const TemporaryFolder folder;
  SceneRequest request = request_for({Modality::kMs});
  const auto value = [](int64_t band, int64_t row, int64_t column) {
    if (row == 3 && column == 4) return NAN;
    return row == 5 ? -1.0f : ramp(band, row, column);
  };
  request.images[Modality::kMs] = {{write_scene(folder / "a.tif", {}, 2, PixelType::kFloat32, value, -1), {}, ""}};
  Scene scene(request);
  CellWindow upper = scene.extent(), lower = scene.extent();
  upper.rows = lower.rows = 32;
  lower.row += 32;
  for (const CellWindow& half : {upper, lower}) {
    scene.read(half);
    scene.count(half);
  }
  EXPECT_EQ(scene.counts().pixels, 64 * 64);
  EXPECT_EQ(scene.counts().invalid, 65);
  EXPECT_EQ(scene.counts().nan, 1);
}

TEST(Scene, CellsAreThirtyTwoHrPixelsAndOtherSensorsFollow) {
  const TemporaryFolder folder;
  SceneRequest request = request_for({Modality::kHr, Modality::kMs});
  const Place hr{.pixel = 0.625, .width = 128, .height = 128},
      ms{.x = 499'900, .y = 5'600'100, .pixel = 10, .width = 40, .height = 40};
  request.images[Modality::kHr] = {{write_scene(folder / "hr.tif", hr, 2, PixelType::kUInt16, ramp), {}, ""}};
  request.images[Modality::kMs] = {{write_scene(folder / "ms.tif", ms, 2, PixelType::kUInt16, ramp), {}, ""}};
  Scene scene(request);
  EXPECT_EQ(scene.grid().cell_side(), 20);
  EXPECT_EQ(scene.extent().rows, 4);
  EXPECT_EQ(scene.pixels_per_cell()[Modality::kMs], 2);
  const auto region = scene.read(scene.extent())[0];
  EXPECT_EQ(region[Modality::kHr]->values.size(2), 128);
  // The MS raster begins ten pixels up and left of the scene.
  EXPECT_NEAR(region[Modality::kMs]->values[0][0][0][0].item<float>(), ramp(0, 10, 10) * 0.01, 1e-5);
}

TEST(Scene, OtherGridsAreResampledOntoTheCells) {
  const TemporaryFolder folder;
  SceneRequest request = request_for({Modality::kHr, Modality::kMs});
  const auto constant = [](int64_t, int64_t, int64_t) { return 150.0f; };
  const Place hr{.pixel = 0.7, .width = 96, .height = 96},
      ms{.x = 499'903, .y = 5'600'104, .pixel = 10, .width = 40, .height = 40};
  request.images[Modality::kHr] = {{write_scene(folder / "hr.tif", hr, 2, PixelType::kUInt16, constant), {}, ""}};
  request.images[Modality::kMs] = {{write_scene(folder / "ms.tif", ms, 2, PixelType::kUInt16, constant), {}, ""}};
  Scene scene(request);
  EXPECT_EQ(scene.pixels_per_cell()[Modality::kMs], 2);
  const auto ms_region = *scene.read(scene.extent())[0][Modality::kMs];
  EXPECT_TRUE(ms_region.valid.all().item<bool>());
  EXPECT_NEAR(ms_region.values.min().item<float>(), 1.5, 1e-5);
  EXPECT_NEAR(ms_region.values.max().item<float>(), 1.5, 1e-5);
}

TEST(Scene, AMaskLayerTakesPixelsOut) {
  const TemporaryFolder folder;
  SceneRequest request = request_for({Modality::kMs});
  const auto classes = [](int64_t, int64_t row, int64_t) { return row < 10 ? 9.0f : 4.0f; };  // clouds, plants
  const auto mask = write_scene(folder / "a_SCL.tif", {}, 1, PixelType::kUInt8, classes);
  request.images[Modality::kMs] = {{write_scene(folder / "a.tif", {}, 2, PixelType::kUInt16, ramp), {}, mask}};
  Scene scene(request);
  const auto valid = scene.read(scene.extent())[0][Modality::kMs]->valid[0];
  EXPECT_FALSE(valid[9].any().item<bool>());
  EXPECT_TRUE(valid[10].all().item<bool>());
}

TEST(Scene, EmptyDatesAreLeftOutAndAnEmptySceneIsRefused) {
  const TemporaryFolder folder;
  const auto nothing = [](int64_t, int64_t, int64_t) { return -1.0f; };
  const auto empty = write_scene(folder / "empty.tif", {}, 2, PixelType::kInt16, nothing, -1);
  const auto full = write_scene(folder / "full.tif", {}, 2, PixelType::kUInt16, ramp);
  SceneRequest request = request_for({Modality::kMs});
  request.images[Modality::kMs] = {{empty, parse_date("2024-01-01"), ""}, {full, parse_date("2024-02-01"), ""}};
  EXPECT_EQ(Scene(request).rasters()[Modality::kMs].size(), 1u);
  request.images[Modality::kMs].pop_back();
  EXPECT_THAT(error_of([&] { Scene scene(request); }), HasSubstr("no valid pixel"));
}

TEST(Scene, RefusesWhatDoesNotFit) {
  const TemporaryFolder folder;
  const auto ms = write_scene(folder / "ms.tif", {}, 2, PixelType::kUInt16, ramp);
  const auto elsewhere = write_scene(folder / "elsewhere.tif", {.crs = "EPSG:32632"}, 2, PixelType::kUInt16, ramp);
  const auto four = write_scene(folder / "four.tif", {}, 4, PixelType::kUInt16, ramp);
  SceneRequest request = request_for({Modality::kMs});
  request.images[Modality::kMs] = {{ms, {}, ""}, {elsewhere, {}, ""}};
  EXPECT_THAT(error_of([&] { Scene scene(request); }), HasSubstr("CRS differs"));
  request.images[Modality::kMs] = {{four, {}, ""}};
  EXPECT_THAT(error_of([&] { Scene scene(request); }), HasSubstr("4 bands"));
  request.images[Modality::kMs] = {{folder / "absent.tif", {}, ""}};
  EXPECT_THAT(error_of([&] { Scene scene(request); }), HasSubstr("absent.tif"));
  request.images[Modality::kMs] = {{ms, {}, ""}};
  request.grid = 25;
  EXPECT_THAT(error_of([&] { Scene scene(request); }), HasSubstr("--grid"));
  request.grid = 0;
  request.images[Modality::kSar] = {{ms, {}, ""}};
  EXPECT_THAT(error_of([&] { Scene scene(request); }), HasSubstr("no tokenizer for sar"));
}

TEST(Scene, PicturesWithoutAPlaceShareOneSquare) {
  const TemporaryFolder folder;
  SceneRequest request = request_for({Modality::kHr, Modality::kMs});
  const Place hr{.width = 128, .height = 128, .crs = nullptr}, ms{.width = 4, .height = 4, .crs = nullptr};
  request.images[Modality::kHr] = {{write_scene(folder / "hr.tif", hr, 2, PixelType::kUInt16, ramp), {}, ""}};
  request.images[Modality::kMs] = {{write_scene(folder / "ms.tif", ms, 2, PixelType::kUInt16, ramp), {}, ""}};
  Scene scene(request);
  EXPECT_EQ(scene.extent(), (CellWindow{0, 0, 4, 4}));
  EXPECT_NEAR(scene.read(scene.extent())[0][Modality::kMs]->values[0][0][3][2].item<float>(), ramp(0, 3, 2) * 0.01,
              1e-5);
}

}  // namespace
}  // namespace skysense
