#include "infer/predict_scene.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>

#include "infer/tile_batch.h"
#include "testing/all_close.h"
#include "testing/error_of.h"
#include "testing/texture.h"
#include "tests/infer/predict_fixture.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using testing::all_close;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Map;
using testing::nano_task;
using testing::part_of;
using testing::Place;
using testing::PredictScene;
using testing::read_map;
using testing::relative_l2_within;
using testing::texture;
using testing::write_scene;

class PredictMs : public PredictScene {
 protected:
  TaskProduct product = nano_task(folder.path(), {});
  Place place{.x = 500'030, .y = 5'600'070, .pixel = 10, .width = 61, .height = 53};
  fs::path scene = write_scene(file("scene.tif"), place, 2, PixelType::kUInt16, texture);
};

TEST_F(PredictMs, TheMapLiesOnThePixelsOfTheScene) {
  const PredictionResult result = predict(product, options_for(product, {scene}), "map.tif");
  const Map map = read_map(file("map.tif"));
  EXPECT_EQ(map.values.sizes(), (std::vector<int64_t>{1, 53, 61}));
  EXPECT_EQ(map.georeference.transform, RasterReader(scene.string()).georeference().transform);
  EXPECT_TRUE(same_crs(map.georeference.wkt, RasterReader(scene.string()).georeference().wkt));
  EXPECT_EQ(result.valid_pixels, 53 * 61);
  EXPECT_THAT(RasterReader(file("map.tif").string()).class_names(), ElementsAre("water", "forest", "field", "town"));
}

TEST_F(PredictMs, OneTileIsTheNetworksOwnAnswer) {
  // A tile that begins at the scene's corner and holds all of it: no blending.
  const Place small{.x = 500'000, .y = 5'600'000, .pixel = 10, .width = 16, .height = 16};
  const fs::path image = write_scene(file("small.tif"), small, 2, PixelType::kUInt16, texture);
  PredictOptions options = options_for(product, {image});
  options.overlap = 0;
  const PredictJob job(product, options);
  PredictionOutput output = output_to("small_map.tif");
  output.layers.half = true;
  predict_scene(job, output);
  torch::Tensor stored = torch::empty({1, 1, 2, 16, 16});
  for (int64_t i = 0; i < stored.numel(); ++i)
    stored.data_ptr<float>()[i] = std::round(texture(i / 256, i / 16 % 16, i % 16));
  TaskBatch batch{.times = {TaskInput{}}, .height = 16, .width = 16};
  const auto& band = product.contracts[Modality::kMs]->bands[0];
  batch.times[0].series[Modality::kMs] = TaskSeries{(stored * band.scale - band.mean) / band.std};
  const torch::NoGradGuard no_gradients;
  const auto wanted = torch::softmax(product.network->forward(batch).logits[0], 1)[0];
  EXPECT_TRUE(all_close(read_map(file("small_map_probabilities.tif")).values, wanted, 1e-3));  // half precision
}

TEST_F(PredictMs, TheMapLiesOnTheRasterWhateverPixelsTheLabelsHad) {
  predict(product, options_for(product, {scene}), "plain.tif");
  const Map plain = read_map(file("plain_probabilities.tif"));
  for (const double pixels_per_label : {0.25, 4.0}) {
    TaskProduct other = product;
    other.task.pixels_per_output[Modality::kMs] = pixels_per_label;
    other.task.tile = static_cast<int64_t>(16 / pixels_per_label);
    const std::string name = fmt::format("labels_{}.tif", pixels_per_label);
    const PredictionResult result = predict(other, options_for(other, {scene}), name);
    const Map map = read_map(file(name));
    EXPECT_EQ(result.valid_pixels, 53 * 61);
    EXPECT_EQ(map.georeference.transform, plain.georeference.transform);
    const Map shares = read_map(file(fmt::format("labels_{}_probabilities.tif", pixels_per_label)));
    if (pixels_per_label < 1) {  // of the same features, interpolated to more labels
      const auto varying = [](const Map& own) { return (own.values - own.values.mean({1, 2}, true)).flatten(); };
      EXPECT_GT(at::corrcoef(at::stack({varying(shares), varying(plain)}))[0][1].item<double>(), 0.8);
    } else {  // every pixel of a label says the same
      const PredictJob job(other, options_for(other, {scene}));
      const CellGrid& grid = job.scene().grid();
      const CellWindow cells = grid.covering(job.area());
      for (int64_t column = cells.column + 1; column + 1 < cells.column_end(); ++column) {
        const PixelWindow label = grid.pixels_of({cells.row + 1, column, 1, 1});
        const auto part = shares.values.narrow(1, label.y, label.height).narrow(2, label.x, label.width);
        EXPECT_EQ(part.numel(), 4 * 16);
        EXPECT_TRUE(part.equal(part.select(1, 0).select(1, 0).view({-1, 1, 1}).expand_as(part))) << column;
      }
      EXPECT_GT(std::get<0>(at::_unique(shares.values)).numel(), 4);
    }
    PredictOptions quarter = options_for(other, {scene});
    quarter.bbox = MapBox{place.x + 100, place.y - 400, place.x + 310, place.y - 100};
    predict(other, quarter, "quarter_" + name);
    const Map part = read_map(file("quarter_" + name));
    EXPECT_TRUE(part.values.equal(part_of(map, part)));
  }
}

TEST_F(PredictMs, QuartersMemoryAndBlocksDoNotChangeABit) {
  predict(product, options_for(product, {scene}), "whole.tif");
  const Map classes = read_map(file("whole.tif")), shares = read_map(file("whole_probabilities.tif"));
  EXPECT_GT(std::get<0>(at::_unique(shares.values)).numel(), 4);  // a map of one value would show nothing
  const double x = place.x + 310, y = place.y - 270;
  for (const MapBox& box : {MapBox{place.x, y, x, place.y}, MapBox{x, y, place.x + 610, place.y},
                            MapBox{place.x, place.y - 530, x, y}, MapBox{x, place.y - 530, place.x + 610, y}}) {
    PredictOptions options = options_for(product, {scene});
    options.bbox = box;
    predict(product, options, "quarter.tif");
    EXPECT_TRUE(read_map(file("quarter.tif")).values.equal(part_of(classes, read_map(file("quarter.tif")))));
    const Map part = read_map(file("quarter_probabilities.tif"));
    EXPECT_TRUE(part.values.equal(part_of(shares, part)));
    for (const char* name : {"quarter.tif", "quarter_probabilities.tif", "quarter.qml", "quarter.json"})
      fs::remove(file(name));
  }
  const PredictJob unlimited(product, options_for(product, {scene}));
  PredictOptions options = options_for(product, {scene});
  options.max_memory = unlimited.run().memory().total - 1;
  options.block = 10;
  predict(product, options, "small.tif");
  EXPECT_TRUE(read_map(file("small_probabilities.tif")).values.equal(shares.values));
}

TEST_F(PredictMs, ACutOutSceneGivesTheLargerOnesAnswerATileInsideItsEdge) {
  product.inference.batch = 1;  // of several tiles, experts and kernels may see the whole batch
  predict(product, options_for(product, {scene}), "larger.tif");
  const Place cut{.x = place.x + 70, .y = place.y - 50, .pixel = 10, .width = 48, .height = 44};
  const fs::path piece = write_scene(file("cut.tif"), cut, 2, PixelType::kUInt16,
                                     [](int64_t b, int64_t r, int64_t c) { return texture(b, r + 5, c + 7); });
  predict(product, options_for(product, {piece}), "piece.tif");
  const Map larger = read_map(file("larger_probabilities.tif")), smaller = read_map(file("piece_probabilities.tif"));
  const auto inner = [](const torch::Tensor& map) {
    return map.narrow(1, 16, map.size(1) - 32).narrow(2, 16, map.size(2) - 32);
  };
  EXPECT_TRUE(inner(smaller.values).equal(inner(part_of(larger, smaller))));
  EXPECT_FALSE(smaller.values.equal(part_of(larger, smaller)));  // the edges do differ
}

TEST_F(PredictMs, ACutOutSceneInBatchesOfTilesDiffersByRoundingOnly) {
  ASSERT_GT(product.inference.batch, 1);
  const auto shares_of = [&](const fs::path& image) {
    const PredictJob job(product, options_for(product, {image}));
    Map map{torch::zeros({4, job.area().height, job.area().width}), job.scenes().georeference()};
    const auto keep = [&](const WindowFeatures& found) {
      const PixelWindow pixels = job.pixels_in(found.window);
      map.values.narrow(1, pixels.y, pixels.height)
          .narrow(2, pixels.x, pixels.width)
          .copy_(job.crop(found.values, found.window));
    };
    job.compute(job.blocks(), keep, "");
    return map;
  };
  const Place cut{.x = place.x + 70, .y = place.y - 50, .pixel = 10, .width = 48, .height = 44};
  const Map larger = shares_of(scene),
            smaller = shares_of(write_scene(file("cut.tif"), cut, 2, PixelType::kUInt16,
                                            [](int64_t b, int64_t r, int64_t c) { return texture(b, r + 5, c + 7); }));
  const auto inner = [](const torch::Tensor& map) {
    return map.narrow(1, 16, map.size(1) - 32).narrow(2, 16, map.size(2) - 32);
  };
  EXPECT_TRUE(relative_l2_within(inner(smaller.values), inner(part_of(larger, smaller)), 1e-6));
}

TEST_F(PredictMs, PixelsWithoutDataAreNodataInEveryLayer) {
  const auto hole = [](int64_t row, int64_t column) { return row > 20 && column < 9; };
  write_scene(
      scene, place, 2, PixelType::kUInt16,
      [&](int64_t b, int64_t r, int64_t c) { return hole(r, c) ? 65535 : texture(b, r, c); }, 65535);
  PredictionOutput output = output_to("map.tif");
  output.layers.provenance = output.layers.entropy = true;
  predict_scene(PredictJob(product, options_for(product, {scene})), output);
  const auto map = read_map(file("map.tif")).values[0], entropy = read_map(file("map_entropy.tif")).values[0],
             images = read_map(file("map_provenance.tif")).values[0];
  auto wanted = torch::zeros({53, 61}, torch::kBool);
  wanted.narrow(0, 21, 32).narrow(1, 0, 9).fill_(true);
  EXPECT_TRUE(map.eq(255).equal(wanted));
  EXPECT_TRUE(entropy.eq(255).equal(wanted));
  EXPECT_TRUE(images.eq(0).equal(wanted));
}

TEST_F(PredictMs, AreasAreThoseOfThePixels) {
  PredictionOutput output = output_to("map.tif");
  output.summary = output.polygons = true;
  const PredictionResult result = predict_scene(PredictJob(product, options_for(product, {scene})), output);
  int64_t pixels = 0;
  const auto map = read_map(file("map.tif")).values;
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(result.areas.pixels[i], map.eq(static_cast<double>(i)).sum().item<int64_t>());
    EXPECT_NEAR(result.areas.hectares[i], 0.01 * static_cast<double>(result.areas.pixels[i]), 1e-9);
    pixels += result.areas.pixels[i];
  }
  EXPECT_EQ(pixels, 53 * 61);
  EXPECT_GT(result.polygons, 0);
}

std::string bytes_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class ResumedPrediction : public PredictMs {
 protected:
  PredictOptions options() const {
    PredictOptions options = options_for(product, {scene});
    options.block = 16;
    return options;
  }
  /// What a killed run leaves: the journal of a run that computed everything and could not write its output, cut short.
  void leave_journal(const PredictJob& job) const {
    PredictionOutput output = output_to("resumed.tif");
    output.map.creation_options = {"BLOCKXSIZE=17"};
    EXPECT_THROW(predict_scene(job, output), DataError);
    ASSERT_TRUE(fs::exists(journal()));
    EXPECT_FALSE(fs::exists(file("resumed.tif")));
    fs::resize_file(journal(), fs::file_size(journal()) * 6 / 10);
  }
  fs::path journal() const { return file("resumed.tif.journal"); }
};

TEST_F(ResumedPrediction, HasTheBytesOfAnUninterruptedOneAndComputesOnlyTheRest) {
  const PredictOptions how = options();
  const PredictionResult straight = predict(product, how, "straight.tif");
  ASSERT_GT(PredictJob(product, how).blocks().size(), 2u);
  leave_journal(PredictJob(product, how));
  PredictionOutput output = output_to("resumed.tif");
  output.resume = true;
  const PredictionResult resumed = predict_scene(PredictJob(product, how), output);
  EXPECT_GT(resumed.resumed_pixels, 0);
  EXPECT_LT(resumed.resumed_pixels, 53 * 61);
  EXPECT_LT(resumed.tiles, straight.tiles);
  EXPECT_EQ(resumed.valid_pixels, straight.valid_pixels);
  EXPECT_EQ(bytes_of(file("resumed.tif")), bytes_of(file("straight.tif")));
  EXPECT_EQ(bytes_of(file("resumed_probabilities.tif")), bytes_of(file("straight_probabilities.tif")));
  EXPECT_FALSE(fs::exists(journal()));
}

TEST_F(ResumedPrediction, IsNeverStartedByItself) {
  leave_journal(PredictJob(product, options()));
  EXPECT_THAT(testing::error_of([&] { predict(product, options(), "resumed.tif"); }), HasSubstr("--resume"));
  EXPECT_TRUE(fs::exists(journal()));
  PredictionOutput output = output_to("resumed.tif");
  output.map.overwrite = true;
  EXPECT_EQ(predict_scene(PredictJob(product, options()), output).resumed_pixels, 0);
}

TEST_F(ResumedPrediction, IsRefusedWhereTheScenesOrTheOptionsDiffer) {
  leave_journal(PredictJob(product, options()));
  PredictionOutput output = output_to("resumed.tif");
  output.resume = true;
  const auto message = [&](const PredictOptions& how) {
    return testing::error_of([&] { predict_scene(PredictJob(product, how), output); });
  };
  PredictOptions other = options();
  other.augmentation = TestTimeAugmentation::kFlips;
  EXPECT_THAT(message(other), HasSubstr("another tta (none, now flips)"));
  write_scene(scene, place, 2, PixelType::kUInt16, [](int64_t b, int64_t r, int64_t c) { return texture(b, c, r); });
  EXPECT_THAT(message(options()), HasSubstr("another scene 1"));
  output.layers.entropy = true;
  EXPECT_THAT(message(options()), HasSubstr("another layers (map 1 x 1, probabilities 4 x 1, now"));
  output.layers.entropy = false;
  output.layers.provenance = true;
  EXPECT_THAT(message(options()), HasSubstr("provenance 1 x 1"));
}

TEST_F(PredictMs, TestTimeAugmentationAveragesTheViews) {
  predict(product, options_for(product, {scene}), "plain.tif");
  PredictOptions options = options_for(product, {scene});
  options.augmentation = TestTimeAugmentation::kFlips;
  const PredictionResult result = predict(product, options, "flips.tif");
  EXPECT_EQ(result.valid_pixels, 53 * 61);
  EXPECT_FALSE(
      read_map(file("flips_probabilities.tif")).values.equal(read_map(file("plain_probabilities.tif")).values));
}

TEST_F(PredictMs, AnotherTileSizeAgreesForTheMost) {
  predict(product, options_for(product, {scene}), "plain.tif");
  PredictOptions options = options_for(product, {scene});
  options.tile = 32;
  predict(product, options, "large.tif");
  const double agreement =
      read_map(file("plain.tif")).values.eq(read_map(file("large.tif")).values).to(torch::kFloat).mean().item<double>();
  RecordProperty("agreement", std::to_string(agreement));
  EXPECT_GT(agreement, 0.25);  // of four classes; a network of random weights hangs on its context
}

TEST_F(PredictMs, WhatCannotBeMappedIsRefusedInOneClearLine) {
  PredictOptions options = options_for(product, {scene});
  TaskProduct scenes = product;
  scenes.task.kind = TaskKind::kScene;
  EXPECT_THAT(refusal(scenes, options), HasSubstr("classifies whole scenes"));
  TaskProduct pairs = product;
  pairs.task.kind = TaskKind::kChange;
  EXPECT_THAT(refusal(pairs, options), HasSubstr("skysense change"));
  EXPECT_THAT(refusal(product, options_for(product, {scene, scene})), HasSubstr("skysense predict"));

  options.times[0].images[Modality::kMs].push_back({scene, parse_date("2024-01-01"), ""});
  EXPECT_THAT(refusal(product, options), HasSubstr("has no date"));
  options.times[0].images[Modality::kMs][0].date = parse_date("2024-02-01");
  EXPECT_THAT(refusal(product, options), HasSubstr("in the order of their dates"));
  options.times[0].images[Modality::kMs][0].date = parse_date("2023-02-01");
  EXPECT_THAT(refusal(product, options), HasSubstr("the model takes 1"));
  options = options_for(product, {scene});
  options.times[0].images[Modality::kHr] = {{scene, std::nullopt, ""}};
  EXPECT_THAT(refusal(product, options), HasSubstr("not fine-tuned on hr"));
  options = options_for(product, {scene});
  options.bbox = MapBox{0, 0, 10, 10};
  EXPECT_THAT(refusal(product, options), HasSubstr("does not meet the scene"));
  EXPECT_FALSE(fs::exists(file("refused.tif")));
  EXPECT_FALSE(fs::exists(file("refused.tif.journal")));
}

class PredictSeveral : public PredictScene {
 protected:
  // A label pixel is one of MS, 4 x 4 of HR.
  TaskProduct product = nano_task(folder.path(), {.modalities = {Modality::kHr, Modality::kMs}, .dates = 2});
  const Place ms{.x = 500'000, .y = 5'600'000, .pixel = 10, .width = 24, .height = 20};
  fs::path ms_file = write_scene(file("ms.tif"), ms, 2, PixelType::kUInt16, texture);
  fs::path write_hr(double dx, const char* crs = "EPSG:32631") const {
    const Place place{.x = ms.x + dx, .y = ms.y, .pixel = 2.5, .width = 96, .height = 80, .crs = crs};
    return write_scene(file("hr.tif"), place, 2, PixelType::kUInt16, texture);
  }
  PredictOptions options(const fs::path& hr) const {
    PredictOptions options = options_for(product, {ms_file});
    auto& images = options.times[0].images;
    images[Modality::kMs] = {{ms_file, parse_date("2024-05-01"), ""}, {ms_file, parse_date("2024-07-01"), ""}};
    images[Modality::kHr] = {{hr, std::nullopt, ""}};
    return options;
  }
};

TEST_F(PredictSeveral, TheMapLiesOnThePixelsOfTheOutputsSensor) {
  const fs::path hr = write_hr(0);
  PredictionOutput output = output_to("map.tif");
  output.layers.provenance = true;
  predict_scene(PredictJob(product, options(hr)), output);
  const Map map = read_map(file("map.tif"));
  EXPECT_EQ(map.values.sizes(), (std::vector<int64_t>{1, 20, 24}));
  EXPECT_EQ(map.georeference.transform, RasterReader(ms_file.string()).georeference().transform);
  const auto images = read_map(file("map_provenance.tif")).values;
  EXPECT_TRUE(images[0].eq(1).all().item<bool>());
  EXPECT_TRUE(images[1].eq(2).all().item<bool>());
}

TEST_F(PredictSeveral, DatesSayWhichImagesOfASeriesAreValidInAPixel) {
  PredictOptions how = options(write_hr(0));
  auto& series = how.times[0].images[Modality::kMs];
  series[1].path = write_scene(
      file("cloudy.tif"), ms, 2, PixelType::kUInt16,
      [](int64_t b, int64_t r, int64_t c) { return r < 6 ? 65535 : texture(b, r, c); }, 65535);
  PredictionOutput output = output_to("map.tif");
  output.layers.provenance = output.layers.dates = true;
  predict_scene(PredictJob(product, how), output);
  const RasterReader reader(file("map_dates.tif").string());
  std::vector<std::string> names;
  for (const auto& band : reader.bands()) names.push_back(band.name);
  EXPECT_EQ(names, (std::vector<std::string>{"hr 1", "ms 2024-05-01", "ms 2024-07-01"}));
  auto wanted = torch::ones({3, 20, 24});
  wanted[2].narrow(0, 0, 6).fill_(0);
  EXPECT_TRUE(read_map(file("map_dates.tif")).values.equal(wanted));
  EXPECT_TRUE(read_map(file("map_provenance.tif")).values[1].equal(wanted.narrow(0, 1, 2).sum(0)));
}

TEST_F(PredictSeveral, EverySensorHasItsPart) {
  predict(product, options(write_hr(0)), "both.tif");
  PredictOptions without = options(write_hr(0));
  without.times[0].images[Modality::kMs].pop_back();
  predict(product, without, "one.tif");
  EXPECT_FALSE(read_map(file("both_probabilities.tif")).values.equal(read_map(file("one_probabilities.tif")).values));
}

TEST_F(PredictSeveral, ImagesApartOrOfAnotherReferenceSystemAreRefused) {
  EXPECT_THAT(refusal(product, options(write_hr(50'000))), HasSubstr("does not overlap"));
  EXPECT_THAT(refusal(product, options(write_hr(0, "EPSG:32632"))), HasSubstr("CRS differs"));
  EXPECT_THAT(refusal(product, options(write_hr(0, nullptr))), HasSubstr("has no CRS"));
  PredictOptions only_hr = options(write_hr(0));
  only_hr.times[0].images[Modality::kMs].clear();
  EXPECT_THAT(refusal(product, only_hr), HasSubstr("--ms"));
}

TEST(CountImages, OfFinerAndCoarserImagesAreThoseOfThePixelsTheyTouch) {
  Region region(1);
  const auto series = [](const torch::Tensor& valid) {
    return ImageSeries{torch::zeros({1, 1, valid.size(0), valid.size(1)}), valid.unsqueeze(0),
                       torch::zeros({1}, torch::kInt64)};
  };
  auto fine = torch::zeros({8, 8}, torch::kBool), coarse = torch::zeros({2, 2}, torch::kBool);
  fine[3][5] = true;
  coarse[1][0] = true;
  region[0][Modality::kHr] = series(fine);
  region[0][Modality::kMs] = series(coarse);
  const auto counts = count_images(region, 2, 2, 2);  // 4 x 4 pixels of the output
  auto wanted = torch::zeros({2, 4, 4}, torch::kUInt8);
  wanted[0][1][2] = 1;
  wanted[1].narrow(0, 2, 2).narrow(1, 0, 2).fill_(1);
  EXPECT_TRUE(counts[0].narrow(0, 0, 2).equal(wanted));
  EXPECT_TRUE(counts[0].narrow(0, kModalityCount, 2).equal(wanted));  // of one image each
}

}  // namespace
}  // namespace skysense
