#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "datasets/registry.h"
#include "datasets/tiled_dataset.h"
#include "testing/all_close.h"
#include "testing/fixture.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::Fixture;

/// The tiny data set that python/parity/dataset_readers.py wrote beside the fixtures.
std::unique_ptr<LabelledDataset> written(const std::string& name, const std::string& reader,
                                         const DatasetOptions& options = {}) {
  return open_labelled_dataset(reader, std::filesystem::path(std::getenv("SKYSENSE_FIXTURES")) / "datasets" / name,
                               options);
}

DatasetOptions options_of(const std::string& name) {
  DatasetOptions options;
  if (name == "vector-labels") options.attribute = "kind";
  return options;
}

const std::vector<std::string>& fixture_names() {
  static const std::vector<std::string> names = {"aid",
                                                 "resisc45",
                                                 "uc-merced",
                                                 "eurosat-ms",
                                                 "bigearthnet-s2",
                                                 "bigearthnet-mm",
                                                 "fmow-s2",
                                                 "isaid",
                                                 "potsdam",
                                                 "loveda",
                                                 "levir-cd",
                                                 "oscd",
                                                 "dynamic-earthnet",
                                                 "pastis-mm",
                                                 "image-masks",
                                                 "sparcs",
                                                 "five-billion-pixels",
                                                 "vector-labels",
                                                 "air-polsar-seg",
                                                 "semantic-change-pairs",
                                                 "eurosat-rgb",
                                                 "class-folders",
                                                 "change-pairs",
                                                 "pastis-mm-hr"};
  return names;
}

/// Everything that the fixture says of one sample must be read, and nothing else.
void expect_sample(const LabelledSample& sample, const std::map<std::string, torch::Tensor>& expected) {
  const std::string& name = sample.entry.name;
  for (const Modality modality : kModalities) {
    const std::string key = fmt::format("{}:{}", name, modality_name(modality));
    ASSERT_EQ(sample.images[modality].has_value(), expected.contains(key)) << key;
    if (!sample.images[modality]) continue;
    const auto tolerance = expected.find(fmt::format("tolerance:{}", modality_name(modality)));
    const ImageSeries& series = sample.images[modality]->series;
    EXPECT_TRUE(all_close(series.values, expected.at(key), 1e-6,
                          tolerance == expected.end() ? 1e-6 : tolerance->second.item<double>()))
        << key;
    EXPECT_TRUE(series.valid.all().item<bool>()) << key;
    EXPECT_TRUE(torch::equal(series.day_of_year, expected.at(key + ".days"))) << key;
  }
  const auto label = expected.find(name + ":label");
  ASSERT_EQ(sample.label.defined(), label != expected.end()) << name;
  if (sample.label.defined()) {
    EXPECT_TRUE(torch::equal(sample.label, label->second)) << name;
  }
}

TEST(DatasetReadersParity, EveryLayoutGivesTheImagesLabelsDatesAndSplitsThatOthersRead) {
  for (const std::string& name : fixture_names()) {
    SCOPED_TRACE(name);
    const auto dataset = written(name, name == "pastis-mm-hr" ? "pastis-mm" : name, options_of(name));
    const auto expected = Fixture("dataset_" + name).with_prefix("");
    int64_t splits = 0;
    for (const char* split : kSplits) {
      const auto count = expected.find(fmt::format("split:{}", split));
      const auto samples = static_cast<int64_t>(samples_of(*dataset, split).size());
      EXPECT_EQ(samples, count == expected.end() ? 0 : count->second.item<int64_t>()) << split;
      splits += samples;
    }
    EXPECT_EQ(splits, dataset->size());
    for (int64_t i = 0; i < dataset->size(); ++i) expect_sample(dataset->get(i), expected);
  }
}

TEST(DatasetReadersParity, AWindowIsThatPartOfTheWholeInEveryModality) {
  for (const char* name : {"pastis-mm", "dynamic-earthnet", "bigearthnet-mm", "oscd", "vector-labels", "potsdam"}) {
    SCOPED_TRACE(name);
    const auto dataset = written(name, name, options_of(name));
    const RasterSize extent = dataset->extent(0);
    // Windows begin where also the 20 m pixels of BigEarthNet do.
    const PixelWindow window{4, 2, extent.width / 2, 6};
    const LabelledSample whole = dataset->get(0), part = dataset->get(0, {.window = window});
    const auto cut = [&](const torch::Tensor& raster) {
      const int64_t scale = raster.size(-1) / extent.width;
      return raster.narrow(-2, window.y * scale, window.height * scale)
          .narrow(-1, window.x * scale, window.width * scale);
    };
    for (const Modality modality : kModalities) {
      if (!whole.images[modality]) continue;
      EXPECT_TRUE(all_close(part.images[modality]->series.values, cut(whole.images[modality]->series.values)))
          << modality_name(modality);
    }
    if (dataset->description().label != LabelKind::kMultiLabel) {
      EXPECT_TRUE(torch::equal(part.label, cut(whole.label)));
    }
  }
}

TEST(DatasetReadersParity, ACubeOfDynamicEarthNetIsItsMonths) {
  const auto months = written("dynamic-earthnet", "dynamic-earthnet");
  DatasetOptions options;
  options.series = true;
  const auto cubes = written("dynamic-earthnet", "dynamic-earthnet", options);
  ASSERT_EQ(cubes->description().label, LabelKind::kMaskSeries);
  const LabelledSample cube = cubes->get(0), second = months->get(1);
  ASSERT_EQ(cube.label.sizes(), (torch::IntArrayRef{2, 16, 16}));
  EXPECT_TRUE(torch::equal(cube.label[1], second.label));
  EXPECT_EQ(cube.label_dates.at(1)->text(), "2018-02-01");
  EXPECT_TRUE(all_close(cube.images[Modality::kHr]->series.values[1], second.images[Modality::kHr]->series.values[0]));
  EXPECT_EQ(months->entry(0).group, months->entry(1).group) << "following months of a cube can be paired";
  options = {};
  options.dates = "weekly";
  EXPECT_EQ(written("dynamic-earthnet", "dynamic-earthnet", options)->get(0).images[Modality::kHr]->dates.size(), 6U);
}

TEST(DatasetReadersParity, SmallerVariantsOfADataSetReadTheSameFiles) {
  const auto whole = written("pastis-mm", "pastis-mm"), optical = written("pastis-mm", "pastis");
  EXPECT_FALSE(optical->get(0).images[Modality::kSar].has_value());
  EXPECT_TRUE(all_close(optical->get(0).images[Modality::kMs]->series.values,
                        whole->get(0).images[Modality::kMs]->series.values));
  DatasetOptions options;
  options.fold = 1;
  const auto other = written("pastis-mm", "pastis-r", options);
  EXPECT_EQ(other->entry(samples_of(*other, "test").at(0)).name, "10001");
  EXPECT_EQ(other->entry(samples_of(*other, "val").at(0)).name, "10005");
}

TEST(DatasetReadersParity, ALabelPixelOfPastisMmIs32PixelsOfItsHrImageWide) {
  const auto dataset = written("pastis-mm-hr", "pastis-mm");
  EXPECT_EQ(dataset->extent(0).width, 4);
  EXPECT_EQ(dataset->image_sizes(0)[Modality::kHr]->width, 128);
  const LabelledSample whole = dataset->get(0), part = dataset->get(0, {.window = PixelWindow{1, 2, 3, 2}});
  EXPECT_TRUE(all_close(part.images[Modality::kHr]->series.values,
                        whole.images[Modality::kHr]->series.values.narrow(2, 64, 64).narrow(3, 32, 96)));
  EXPECT_EQ(dataset->description().sensors[Modality::kHr]->bands.size(), 3U);
}

TEST(DatasetReadersParity, TilesAreThePartsOfTheirImagesAndCoverThem) {
  const auto whole = written("potsdam", "potsdam");
  const TiledDataset tiles(written("potsdam", "potsdam"), {.side = 10, .stride = 8});
  ASSERT_EQ(tiles.size(), 3 * 4);
  EXPECT_EQ(tiles.entry(3).name, "2_10@6,6");
  EXPECT_EQ(tiles.entry(3).split, "train");
  const auto expected = whole->get(0).images[Modality::kHr]->series.values.narrow(2, 6, 10).narrow(3, 6, 10);
  const LabelledSample tile = tiles.get(3);
  EXPECT_TRUE(all_close(tile.images[Modality::kHr]->series.values, expected));
  const LabelledSample corner = tiles.get(3, {.window = PixelWindow{1, 2, 3, 4}});
  EXPECT_TRUE(all_close(corner.images[Modality::kHr]->series.values, expected.narrow(2, 2, 4).narrow(3, 1, 3)));
  EXPECT_THROW(tiles.get(3, {.window = PixelWindow{8, 0, 3, 3}}), c10::ValueError);
}

TEST(DatasetReadersParity, OnlyTheSplitsNamedAreCutIntoTiles) {
  const TiledDataset tiles(written("pastis-mm", "pastis-mm"), {.side = 8, .stride = 8}, {"train"});
  EXPECT_EQ(samples_of(tiles, "train").size(), 3U * 4U);
  const int64_t whole = samples_of(tiles, "val").at(0), cut = samples_of(tiles, "train").at(3);
  EXPECT_EQ(tiles.extent(whole).width, 16);
  EXPECT_EQ(tiles.entry(whole).name.find('@'), std::string::npos);
  EXPECT_EQ(tiles.extent(cut).width, 8);
  EXPECT_EQ(tiles.image_sizes(whole)[Modality::kHr]->width, 160);
  EXPECT_EQ(tiles.image_sizes(cut)[Modality::kHr]->width, 80);
  EXPECT_EQ(tiles.image_sizes(cut)[Modality::kMs]->width, 8);
  EXPECT_EQ(tiles.get(whole).label.size(1), 16);
  EXPECT_EQ(tiles.get(cut).images[Modality::kHr]->series.values.size(3), 80);
}

TEST(DatasetReadersParity, RefusesWindowsThatAreNotInsideOrNotOfWholePixels) {
  const auto dataset = written("pastis-mm", "pastis-mm");
  EXPECT_THROW(dataset->get(0, {.window = PixelWindow{0, 0, 17, 4}}), c10::ValueError);
  EXPECT_THROW(dataset->get(0, {.window = PixelWindow{-1, 0, 4, 4}}), c10::ValueError);
}

TEST(DatasetReadersParity, GeoreferencesAreThoseOfThePixelsRead) {
  const auto dataset = written("potsdam", "potsdam");
  const auto part = dataset->get(0, {.window = PixelWindow{4, 6, 8, 8}}).images[Modality::kHr]->georeference;
  ASSERT_TRUE(part.known());
  EXPECT_NEAR(part.transform[0], 5e5 + 4 * 0.05, 1e-9);
  EXPECT_NEAR(part.transform[3], 5.6e6 - 6 * 0.05, 1e-9);
}

}  // namespace
}  // namespace skysense
