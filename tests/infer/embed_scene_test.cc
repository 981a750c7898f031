#include "infer/embed_scene.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>

#include "core/error.h"
#include "infer/scene_arguments.h"
#include "testing/all_close.h"
#include "testing/error_of.h"
#include "testing/temporary_folder.h"
#include "testing/texture.h"
#include "tests/infer/nano_model.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::nano_model;
using testing::Place;
using testing::relative_l2_within;
using testing::TemporaryFolder;
using testing::texture;
using testing::write_scene;

struct Map {
  torch::Tensor values;  // [d, h, w], NaN where nodata
  Georeference georeference;
  EmbedResult result;
};

EmbedOptions ms_scene(const Product& product, const fs::path& file) {
  EmbedOptions options;
  options.scene.wanted = product.contracts;
  options.scene.images[Modality::kMs] = {{file, parse_date("2024-05-01"), ""}};
  return options;
}

Map read_map(const fs::path& file) {
  const RasterReader reader(file.string());
  const auto bands = band_range(static_cast<int64_t>(reader.bands().size()));
  Map map{
      torch::empty({static_cast<int64_t>(bands.size()), reader.height(), reader.width()}), reader.georeference(), {}};
  auto valid = torch::empty({reader.height(), reader.width()}, torch::kUInt8);
  reader.read({0, 0, reader.width(), reader.height()}, bands, map.values.data_ptr<float>(), valid.data_ptr<uint8_t>());
  map.values.masked_fill_(valid == 0, NAN);
  return map;
}

Map embed(const Product& product, const EmbedOptions& options, const fs::path& output) {
  EmbedJob job(product, options);
  const EmbedResult result = embed_scene(job, {.path = output, .overwrite = true});
  Map map = read_map(output);
  map.result = result;
  return map;
}

bool same_bits(const torch::Tensor& a, const torch::Tensor& b) {
  return a.contiguous().view(torch::kInt32).equal(b.contiguous().view(torch::kInt32));
}

/// The part of a map that another one covers, by their georeferences.
torch::Tensor part_of(const Map& whole, const Map& part) {
  const PixelPoint corner = whole.georeference.to_pixel(part.georeference.to_map({0, 0}));
  return whole.values.narrow(1, std::llround(corner.y), part.values.size(1))
      .narrow(2, std::llround(corner.x), part.values.size(2));
}

class EmbedScene : public ::testing::Test {
 protected:
  TemporaryFolder folder;
  Product product = nano_model(folder.path());
};

TEST_F(EmbedScene, ABoxHasTheBitsOfTheWholeScene) {
  const auto file = write_scene(folder / "s.tif", {.width = 75, .height = 61}, 2, PixelType::kUInt16, texture);
  EmbedOptions options = ms_scene(product, file);
  const Map whole = embed(product, options, folder / "whole.tif");
  options.bbox = MapBox{500'173, 5'599'601, 500'402, 5'599'899};
  const Map part = embed(product, options, folder / "part.tif");
  EXPECT_EQ(part.values.size(1), 30);
  EXPECT_EQ(part.values.size(2), 24);
  EXPECT_TRUE(same_bits(part.values, part_of(whole, part)));
}

TEST_F(EmbedScene, ASceneHasTheContextOfItsRegion) {
  const auto file = write_scene(folder / "s.tif", {.width = 40, .height = 40}, 2, PixelType::kUInt16, texture);
  const EmbedOptions options = ms_scene(product, file);
  const Map plain = embed(product, options, folder / "plain.tif");
  Product informed = product;
  informed.prototypes.emplace(64, 4, product.options.fusion_dim);
  const auto fill = [&](double longitude, double latitude) {
    informed.prototypes->values().zero_();
    informed.prototypes->values()[EarthRegions(64).region_of(longitude, latitude)] += torch::rand({4, 1}) + 0.5;
  };
  fill(3.0, 50.5);  // where the scene lies: UTM 31N, 500 km east, 5600 km north
  const Map here = embed(informed, options, folder / "here.tif");
  EXPECT_FALSE(relative_l2_within(here.values, plain.values, 1e-2));
  EmbedOptions box = options;
  box.bbox = MapBox{500'173, 5'599'701, 500'302, 5'599'899};
  const Map part = embed(informed, box, folder / "part.tif");
  EXPECT_TRUE(same_bits(part.values, part_of(here, part)));
  fill(-60, -30);
  EXPECT_TRUE(same_bits(embed(informed, options, folder / "elsewhere.tif").values, plain.values));
}

TEST_F(EmbedScene, MemoryDoesNotChangeABit) {
  const auto file = write_scene(folder / "s.tif", {.width = 75, .height = 61}, 2, PixelType::kUInt16, texture);
  EmbedOptions options = ms_scene(product, file);
  const Map whole = embed(product, options, folder / "whole.tif");
  const MemoryPlan usual = EmbedJob(product, options).memory();
  // What the program holds already counts, and changes from call to call: tighten until the plan keeps fewer results.
  int64_t room = usual.room;
  for (int64_t less = 4; room >= usual.room && less <= 64; less += 4) {
    options.max_memory = 0;
    options.max_memory = EmbedJob(product, options).memory().total - (less << 20);
    room = EmbedJob(product, options).memory().room;
  }
  EXPECT_LT(room, usual.room);
  EXPECT_TRUE(same_bits(embed(product, options, folder / "small.tif").values, whole.values));
}

TEST_F(EmbedScene, BatchChangesRoundingOnlyAndJobsNothing) {
  const auto file = write_scene(folder / "s.tif", {.width = 50, .height = 40}, 2, PixelType::kUInt16, texture);
  EmbedOptions options = ms_scene(product, file);
  const Map reference = embed(product, options, folder / "a.tif");
  options.batch = 3;
  EXPECT_TRUE(relative_l2_within(embed(product, options, folder / "b.tif").values, reference.values, 1e-5));
  options.batch = 0;
  options.jobs = 3;
  EXPECT_TRUE(same_bits(embed(product, options, folder / "c.tif").values, reference.values));
}

TEST_F(EmbedScene, ACutOutFileEqualsTheLargerOneATileInsideItsEdge) {
  const auto larger = write_scene(folder / "s.tif", {.width = 90, .height = 90}, 2, PixelType::kUInt16, texture);
  const Place place{.x = 500'000 + 130, .y = 5'600'000 - 170, .width = 60, .height = 60};
  const auto cut = write_scene(folder / "cut.tif", place, 2, PixelType::kUInt16,
                               [](int64_t b, int64_t r, int64_t c) { return texture(b, r + 17, c + 13); });
  const Map whole = embed(product, ms_scene(product, larger), folder / "whole.tif"),
            part = embed(product, ms_scene(product, cut), folder / "part.tif");
  const auto inner = [](const torch::Tensor& map) { return map.narrow(1, 16, 28).narrow(2, 16, 28); };
  EXPECT_TRUE(relative_l2_within(inner(part.values), inner(part_of(whole, part)), 1e-6));
}

TEST_F(EmbedScene, AConstantSceneHasConstantFeaturesAwayFromItsEdges) {
  const auto file = write_scene(folder / "s.tif", {.width = 96, .height = 96}, 2, PixelType::kUInt16,
                                [](int64_t b, int64_t, int64_t) { return 100.0f + static_cast<float>(b); });
  const Map map = embed(product, ms_scene(product, file), folder / "f.tif");
  const auto inner = map.values.narrow(1, 16, 64).narrow(2, 16, 64);
  // Tiles see the same, so a cell repeats with the stride; the features of a tile's cells differ by the position
  // embedding.
  EXPECT_TRUE(relative_l2_within(inner.narrow(1, 12, 52), inner.narrow(1, 0, 52), 1e-6));
  EXPECT_TRUE(relative_l2_within(inner.narrow(2, 12, 52), inner.narrow(2, 0, 52), 1e-6));
}

TEST_F(EmbedScene, TheOutputSaysWhereItLiesAndWhereItComesFrom) {
  const auto file = write_scene(
      folder / "s.tif", {.width = 20, .height = 30}, 2, PixelType::kInt16,
      [](int64_t b, int64_t r, int64_t c) { return r < 4 ? -1 : texture(b, r, c); }, -1);
  const Map map = embed(product, ms_scene(product, file), folder / "f.tif");
  EXPECT_EQ(map.georeference.transform, (std::array<double, 6>{500'000, 10, 0, 5'600'000, 0, -10}));
  EXPECT_TRUE(same_crs(map.georeference.wkt, wkt_from_text("EPSG:32631")));
  EXPECT_EQ(map.result.valid_cells, 20 * 26);
  EXPECT_EQ(map.result.pixels.invalid, 20 * 4);
  EXPECT_TRUE(map.values.narrow(1, 0, 4).isnan().all().item<bool>());
  EXPECT_TRUE(map.values.narrow(1, 4, 26).isfinite().all().item<bool>());
  const RasterReader reader((folder / "f.tif").string());
  EXPECT_EQ(reader.metadata("SKYSENSE_MODEL").size(), 16u);
  EXPECT_EQ(reader.metadata("SKYSENSE_SCENE"), "ms test-ms 2024-05-01");
  EXPECT_TRUE(std::isnan(reader.bands()[0].nodata.value()));
  const RasterReader preview((folder / "f_rgb.tif").string());
  EXPECT_EQ(preview.georeference().transform, map.georeference.transform);
  EXPECT_EQ(RasterReader((folder / "f_rgb.png").string()).width(), 20);
}

TEST_F(EmbedScene, HalfFloatsRoundTheSameFeatures) {
  const auto file = write_scene(folder / "s.tif", {.width = 20, .height = 20}, 2, PixelType::kUInt16, texture);
  const Map full = embed(product, ms_scene(product, file), folder / "f.tif");
  EmbedJob job(product, ms_scene(product, file));
  embed_scene(job, {.path = folder / "h.tif", .half = true});
  const Map half = read_map(folder / "h.tif");
  EXPECT_TRUE(half.values.equal(full.values.to(torch::kHalf).to(torch::kFloat)));
}

TEST_F(EmbedScene, SeveralSensorsAndDatesGiveOneMap) {
  EmbedOptions options;
  options.scene.wanted = product.contracts;
  const Place hr{.pixel = 0.3125, .width = 160, .height = 128},
      ms{.x = 499'950, .y = 5'600'050, .width = 20, .height = 20};
  options.scene.images[Modality::kHr] = {{write_scene(folder / "hr.tif", hr, 2, PixelType::kUInt16, texture), {}, ""}};
  for (const char* date : {"2024-05-01", "2024-07-01"}) {
    options.scene.images[Modality::kMs].push_back(
        {write_scene(folder / (std::string(date) + ".tif"), ms, 2, PixelType::kUInt16, texture), parse_date(date), ""});
  }
  const Map both = embed(product, options, folder / "both.tif");
  EXPECT_EQ(both.values.sizes(), (std::vector<int64_t>{128, 4, 5}));
  EXPECT_TRUE(both.values.isfinite().all().item<bool>());
  options.scene.images[Modality::kMs].clear();
  EXPECT_FALSE(relative_l2_within(embed(product, options, folder / "hr_only.tif").values, both.values, 1e-3));
}

/// The files of a folder, hidden ones too.
std::vector<std::string> listing(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

TEST_F(EmbedScene, RefusalsLeaveNothingBehind) {
  const auto file = write_scene(folder / "s.tif", {.width = 20, .height = 30}, 2, PixelType::kUInt16, texture);
  const auto truncated = folder / "cut_short.tif";
  fs::copy_file(file, truncated);
  fs::resize_file(truncated, fs::file_size(file) / 2);
  std::ofstream(folder / "taken.tif") << "earlier";
  const auto before = listing(folder.path());
  const auto refusal = [&](const EmbedOptions& options, const fs::path& output) {
    return testing::error_of([&] {
      EmbedJob job(product, options);
      embed_scene(job, {.path = output});
    });
  };
  EmbedOptions options = ms_scene(product, file);
  EXPECT_THAT(refusal(options, folder / "taken.tif"), HasSubstr("--overwrite"));
  EXPECT_THAT(refusal(options, folder / "no" / "where.tif"), HasSubstr("no"));
  EXPECT_THAT(refusal(ms_scene(product, truncated), folder / "f.tif"), HasSubstr("cut_short.tif"));
  options.max_memory = int64_t{8} << 20;
  EXPECT_THAT(refusal(options, folder / "f.tif"), HasSubstr("at least"));
  options = ms_scene(product, file);
  options.bbox = MapBox{0, 0, 10, 10};
  EXPECT_THAT(refusal(options, folder / "f.tif"), HasSubstr("does not meet"));
  EXPECT_EQ(listing(folder.path()), before);
}

TEST_F(EmbedScene, ADamagedModelIsNoSilentGarbage) {
  torch::NoGradGuard no_grad;
  for (auto& parameter : product.model->parameters()) parameter.fill_(NAN);
  const auto file = write_scene(folder / "s.tif", {.width = 20, .height = 30}, 2, PixelType::kUInt16, texture);
  EmbedJob job(product, ms_scene(product, file));
  EXPECT_THROW(embed_scene(job, {.path = folder / "f.tif"}), DataError);
  EXPECT_FALSE(fs::exists(folder / "f.tif"));
}

}  // namespace
}  // namespace skysense
