#include "tests/infer/predict_fixture.h"

#include <gmock/gmock.h>

namespace skysense {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Map;
using testing::nano_task;
using testing::Place;
using testing::PredictScene;
using testing::read_map;
using testing::texture;
using testing::write_scene;

class Change : public PredictScene {
 protected:
  TaskProduct product = nano_task(
      folder.path(),
      {.modalities = {Modality::kHr}, .output = Modality::kHr, .kind = TaskKind::kChange, .head = "bit", .tile = 32});
  const Place place{.x = 500'000, .y = 5'600'000, .pixel = 1, .width = 50, .height = 40};
  fs::path before = write_scene(file("before_image.tif"), place, 2, PixelType::kUInt16, texture);
  fs::path write_after(double dx, double pixel = 1, const char* crs = "EPSG:32631") const {
    const Place later{.x = place.x + dx, .y = place.y, .pixel = pixel, .width = 50, .height = 40, .crs = crs};
    return write_scene(file("after_image.tif"), later, 2, PixelType::kUInt16,
                       [](int64_t b, int64_t r, int64_t c) { return texture(b, c, r); });
  }
};

TEST_F(Change, LiesOnTheEarlierImageAndHasDataWhereBothHave) {
  const fs::path after = write_after(20);  // 20 pixels further east
  const PredictionResult result = predict(product, options_for(product, {before, after}), "change.tif");
  const Map map = read_map(file("change.tif"));
  EXPECT_EQ(map.georeference.transform, RasterReader(before.string()).georeference().transform);
  EXPECT_EQ(map.values.sizes(), (std::vector<int64_t>{1, 40, 50}));
  EXPECT_TRUE(map.values[0].narrow(1, 0, 20).eq(255).all().item<bool>());
  EXPECT_TRUE(map.values[0].narrow(1, 20, 30).lt(2).all().item<bool>());
  EXPECT_EQ(result.valid_pixels, 40 * 30);
  EXPECT_THAT(result.class_names, ElementsAre("unchanged", "changed"));
}

TEST_F(Change, AnImageOfSlightlyOtherPixelsIsBroughtOntoTheEarlierOnes) {
  const PredictionResult result =
      predict(product, options_for(product, {before, write_after(-1.3, 1.1)}), "change.tif");
  EXPECT_EQ(result.valid_pixels, 40 * 50);
}

TEST_F(Change, RefusesImagesApartOfAnotherSystemOrInTheWrongOrder) {
  EXPECT_THAT(refusal(product, options_for(product, {before, write_after(5000)})), HasSubstr("do not overlap"));
  EXPECT_THAT(refusal(product, options_for(product, {before, write_after(0, 1, "EPSG:32632")})),
              HasSubstr("CRS differ"));
  PredictOptions options = options_for(product, {before, write_after(0)});
  options.times[0].images[Modality::kHr][0].date = parse_date("2024-01-01");
  options.times[1].images[Modality::kHr][0].date = parse_date("2023-01-01");
  EXPECT_THAT(refusal(product, options), HasSubstr("older than the first"));
}

TEST_F(Change, OfClassesComesWithTheMapsOfBothTimes) {
  const TaskProduct semantic = nano_task(folder.path(), {.modalities = {Modality::kHr},
                                                         .output = Modality::kHr,
                                                         .kind = TaskKind::kSemanticChange,
                                                         .head = "upernet-change",
                                                         .tile = 32});
  predict(semantic, options_for(semantic, {before, write_after(0)}), "change.tif");
  const auto change = read_map(file("change.tif")).values, first = read_map(file("change_before.tif")).values,
             second = read_map(file("change_after.tif")).values;
  EXPECT_TRUE(change.eq(1).equal(first.ne(second)));
  EXPECT_EQ(read_map(file("change_probabilities.tif")).values.size(0), 8);
  // The same image twice has not changed.
  predict(semantic, options_for(semantic, {before, before}), "none.tif");
  EXPECT_TRUE(read_map(file("none.tif")).values.eq(0).all().item<bool>());
}

}  // namespace
}  // namespace skysense
