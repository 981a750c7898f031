#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "datasets/dataset_check.h"
#include "datasets/folder_listing.h"
#include "datasets/npy_file.h"
#include "datasets/registry.h"
#include "datasets/tiled_dataset.h"
#include "raster/raster_writer.h"
#include "testing/error_of.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using testing::error_of;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

/// A GeoTIFF or PNG of one value a band and side x side pixels.
void write_flat(const fs::path& path, const std::vector<float>& bands, int64_t side = 8) {
  fs::create_directories(path.parent_path());
  RasterLayout layout;
  layout.width = layout.height = side;
  layout.bands = static_cast<int64_t>(bands.size());
  layout.type = PixelType::kUInt8;
  layout.format = path.extension() == ".png" ? "PNG" : "GTiff";
  std::vector<float> values;
  for (const float band : bands) values.insert(values.end(), static_cast<size_t>(side * side), band);
  write_raster(path, layout, values.data());
}

void write_text(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

/// A LoveDA of one image whose mask holds the value.
std::unique_ptr<LabelledDataset> one_loveda(const TemporaryFolder& folder, float value, int64_t mask_side = 8) {
  write_flat(folder / "Train/Urban/images_png/3.png", {10, 20, 30});
  write_flat(folder / "Train/Urban/masks_png/3.png", {value}, mask_side);
  return open_labelled_dataset("loveda", folder.path());
}

TEST(DatasetReaders, LabelValuesBeyondTheClassesAreRefusedWithFileAndPlace) {
  const TemporaryFolder folder;
  const auto dataset = one_loveda(folder, 8);
  const std::string error = error_of([&] { dataset->get(0); });
  EXPECT_THAT(error, HasSubstr("masks_png/3.png"));
  EXPECT_THAT(error, HasSubstr("label value 8 at column 0, row 0"));
}

TEST(DatasetReaders, MissingAndDamagedFilesAreNamed) {
  const TemporaryFolder folder;
  const auto dataset = one_loveda(folder, 1);
  fs::remove(folder / "Train/Urban/masks_png/3.png");
  EXPECT_THAT(error_of([&] { dataset->get(0); }), HasSubstr("masks_png/3.png"));
  write_text(folder / "Train/Urban/images_png/3.png", "no picture");
  EXPECT_THAT(error_of([&] { dataset->get(0, {.label = false}); }), HasSubstr("3.png"));
}

TEST(DatasetReaders, EveryReaderRefusesAFolderOfAnotherLayoutAndSaysWhatItExpects) {
  const TemporaryFolder folder;
  write_text(folder / "readme.txt", "nothing");
  for (const DatasetReader& reader : dataset_readers()) {
    const std::string error = error_of([&] { open_labelled_dataset(reader.name, folder.path()); });
    EXPECT_THAT(error, HasSubstr(folder.path().string())) << reader.name;
    EXPECT_THAT(error, HasSubstr("expected")) << reader.name;
  }
  EXPECT_THAT(error_of([] { open_labelled_dataset("levir", "."); }), HasSubstr("levir-cd"));
}

TEST(DatasetReaders, AShareIsDrawnOfEachClassByTheSeedAndNamesAlone) {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b"}) {
    for (int i = 0; i < 10; ++i) write_text(folder / fmt::format("{}/{}.png", name, i), "");
  }
  DatasetOptions options;
  options.train_share = 0.3;
  const auto names = [&](const DatasetOptions& chosen) {
    const auto dataset = open_labelled_dataset("class-folders", folder.path(), chosen);
    std::set<std::string> found;
    for (const int64_t i : samples_of(*dataset, "train")) found.insert(dataset->entry(i).name);
    return found;
  };
  const auto first = names(options);
  EXPECT_EQ(first.size(), 6U);
  EXPECT_EQ(std::count_if(first.begin(), first.end(), [](const auto& name) { return name.starts_with("a/"); }), 3);
  EXPECT_EQ(first, names(options));
  options.seed = 1;
  EXPECT_NE(first, names(options));
  write_text(folder / "train.txt", "a/3.png\n");
  write_text(folder / "test.txt", "nowhere.png\n");
  EXPECT_THAT(error_of([&] { open_labelled_dataset("class-folders", folder.path()); }), HasSubstr("nowhere.png"));
}

TEST(DatasetReaders, ImagesOfASeriesOfOtherSizesAreBroughtToTheFirst) {
  const TemporaryFolder folder;
  std::string table = "category,location_id,image_id,timestamp\n";
  for (int image = 0; image < 2; ++image) {
    const fs::path file = folder / fmt::format("fmow-sentinel/train/zoo/zoo_1/zoo_1_{}.tif", image);
    fs::create_directories(file.parent_path());
    RasterLayout layout;
    layout.width = 8 + image;
    layout.height = 8;
    layout.bands = 13;
    layout.type = PixelType::kUInt16;
    layout.format = "GTiff";
    layout.georeference = {wkt_from_text("EPSG:4326"), {3, 1e-4, 0, 50, 0, -1e-4}};
    std::vector<float> values(static_cast<size_t>(layout.width * 8 * 13), static_cast<float>(1000 + image));
    write_raster(file, layout, values.data());
    table += fmt::format("zoo,1,{},2016-0{}-01T00:00:00Z\n", image, image + 1);
  }
  write_text(folder / "train.csv", table);
  const auto series = open_labelled_dataset("fmow-s2", folder.path())->get(0).images[Modality::kMs]->series;
  ASSERT_EQ(series.values.sizes(), (torch::IntArrayRef{2, 10, 8, 8}));
  EXPECT_NEAR(series.values[1].mean().item<double>(), 0.1001, 1e-6);
}

TEST(DatasetReaders, LevirCdIsAlsoReadFromFoldersOfItsSplits) {
  const TemporaryFolder folder;
  for (const char* split : {"train", "test"}) {
    write_flat(folder / fmt::format("{}/A/x.png", split), {1, 2, 3});
    write_flat(folder / fmt::format("{}/B/x.png", split), {4, 5, 6});
    write_flat(folder / fmt::format("{}/label/x.png", split), {255});
  }
  const auto dataset = open_labelled_dataset("levir-cd", folder.path());
  EXPECT_EQ(dataset->entry(0).name, "train/x.png");
  EXPECT_EQ(samples_of(*dataset, "test").size(), 1U);
  const LabelledSample sample = dataset->get(0);
  EXPECT_NEAR(sample.images[Modality::kHr]->series.values[1][2][0][0].item<double>(), 6.0 / 255, 1e-6);
  EXPECT_TRUE((sample.label == 1).all().item<bool>());
}

TEST(DatasetReaders, PotsdamsThreeBandFilesGiveTheChannelsOfItsFourBandOnes) {
  const TemporaryFolder three, four;
  write_flat(three / "3_Ortho_IRRG/top_potsdam_6_7_IRRG.tif", {40, 10, 20});
  write_flat(three / "5_Labels_all/top_potsdam_6_7_label.tif", {255, 0, 0});
  write_flat(four / "4_Ortho_RGBIR/top_potsdam_6_7_RGBIR.tif", {10, 20, 30, 40});
  write_flat(four / "top_potsdam_6_7_label.tif", {0, 255, 0});
  const auto irrg = open_labelled_dataset("potsdam", three.path())->get(0),
             rgbir = open_labelled_dataset("potsdam", four.path())->get(0);
  EXPECT_TRUE(torch::equal(irrg.images[Modality::kHr]->series.values, rgbir.images[Modality::kHr]->series.values));
  EXPECT_TRUE((irrg.label == -1).all().item<bool>()) << "clutter is ignored";
  EXPECT_TRUE((rgbir.label == 3).all().item<bool>()) << "trees";
}

TEST(DatasetReaders, TilesReachTheBorderAndNoFurther) {
  const auto windows = tile_windows({1000, 300}, {.side = 512, .stride = 512});
  EXPECT_EQ(windows, (std::vector<PixelWindow>{{0, 0, 512, 300}, {488, 0, 512, 300}}));
  EXPECT_EQ(tile_windows({896, 896}, {.side = 896, .stride = 512}).size(), 1U);
  EXPECT_THROW(tile_windows({10, 10}, {.side = 4, .stride = 5}), c10::ValueError);
}

TEST(DatasetReaders, ACheckCountsSplitsClassesAndBandRangesAndListsProblems) {
  const TemporaryFolder folder;
  const auto dataset = one_loveda(folder, 3);
  write_flat(folder / "Val/Rural/images_png/9.png", {0, 0, 0});
  write_flat(folder / "Val/Rural/masks_png/9.png", {0});
  write_flat(folder / "Val/Rural/images_png/10.png", {0, 0, 0});
  const auto whole = open_labelled_dataset("loveda", folder.path());
  const DatasetCheck check = check_dataset(*whole, {.samples = 0});
  EXPECT_EQ(check.splits.at("train").samples, 1);
  EXPECT_EQ(check.splits.at("val").samples, 2);
  EXPECT_EQ(check.splits.at("train").classes.at(2), 64) << "pixels of roads";
  EXPECT_EQ(check.splits.at("val").ignored, 64);
  ASSERT_EQ(check.bands.size(), 3U);
  EXPECT_NEAR(check.bands[1].maximum, 20.0 / 255, 1e-6);
  EXPECT_EQ(check.bands[1].minimum, 0);
  ASSERT_EQ(check.missing.size(), 1U);
  EXPECT_THAT(check.missing[0], HasSubstr("masks_png/10.png"));
  EXPECT_TRUE(check.problems.empty());
}

TEST(DatasetReaders, DamagedNumpyFilesAreRefused) {
  const TemporaryFolder folder;
  const auto header = [](const std::string& dict) {
    std::string text = dict + std::string(118 - dict.size() - 1, ' ') + "\n";
    return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(text.size()) + '\0' + text;
  };
  const std::string good = header("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }");
  const auto refusal = [&](const std::string& bytes) {
    write_text(folder / "a.npy", bytes);
    return error_of([&] { NpyFile((folder / "a.npy").string()); });
  };
  EXPECT_EQ(refusal(good + std::string(12, '\1')), "");
  EXPECT_THAT(refusal(good + std::string(11, '\1')), HasSubstr("cut short"));
  EXPECT_THAT(refusal("PK"), HasSubstr("not a NumPy file"));
  EXPECT_THAT(refusal(header("{'descr': '>i2', 'fortran_order': False, 'shape': (2, 3), }")),
              HasSubstr("little-endian"));
  EXPECT_THAT(refusal(header("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }")), HasSubstr("Fortran"));
  EXPECT_THAT(refusal(header("{'descr': '<i2', 'fortran_order': False, 'shape': (4611686018427387904, 3), }")),
              HasSubstr("more bytes"));
  EXPECT_THAT(refusal(header("{'descr': [('x', '<i2')], 'fortran_order': False, 'shape': (2, 3), }")),
              HasSubstr("structured"));
}

}  // namespace
}  // namespace skysense
