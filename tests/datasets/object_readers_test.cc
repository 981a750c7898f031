#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/class_names.h"
#include "core/error.h"
#include "datasets/dataset_check.h"
#include "datasets/registry.h"
#include "datasets/tiled_dataset.h"
#include "raster/raster_writer.h"
#include "testing/fixture.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::Fixture;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

/// The tiny data set that python/parity/object_readers.py wrote beside the fixtures.
std::unique_ptr<LabelledDataset> written(const std::string& name, DatasetOptions options = {}) {
  if (name == "image-boxes") options.attribute = "kind";
  return open_labelled_dataset(name, fs::path(std::getenv("SKYSENSE_FIXTURES")) / "object_datasets" / name, options);
}

double value(const torch::Tensor& tensor) { return tensor.item<double>(); }

/// The found box has the expected corners, whichever comes first.
void expect_corners(const OrientedBox& box, const torch::Tensor& expected, double tolerance) {
  for (const ImagePoint corner : box.corners()) {
    double nearest = INFINITY;
    for (int64_t i = 0; i < 4; ++i)
      nearest = std::min(nearest, std::hypot(corner.x - value(expected[i][0]), corner.y - value(expected[i][1])));
    EXPECT_LT(nearest, tolerance);
  }
}

void expect_bounds(const OrientedBox& box, const torch::Tensor& expected) {
  const UprightBox rim = box.bounds();
  EXPECT_NEAR(rim.left, value(expected[0]), 1e-6);
  EXPECT_NEAR(rim.top, value(expected[1]), 1e-6);
  EXPECT_NEAR(rim.right, value(expected[2]), 1e-6);
  EXPECT_NEAR(rim.bottom, value(expected[3]), 1e-6);
}

void expect_objects(const LabelledSample& sample, const std::map<std::string, torch::Tensor>& expected, bool oriented) {
  const std::string& name = sample.entry.name;
  const auto boxes = expected.find(name + (oriented ? ":corners" : ":bounds"));
  EXPECT_TRUE(sample.problems.empty());
  ASSERT_EQ(sample.objects.has_value(), boxes != expected.end() || name == "test/2007_2") << name;
  if (boxes == expected.end()) return;
  ASSERT_EQ(sample.objects->size(), boxes->second.size(0)) << name;
  for (int64_t i = 0; i < sample.objects->size(); ++i) {
    const auto k = static_cast<size_t>(i);
    EXPECT_EQ(sample.objects->classes[k], expected.at(name + ":classes")[i].item<int64_t>()) << name << " " << i;
    EXPECT_EQ(sample.objects->ignored[k], expected.at(name + ":ignored")[i].item<int64_t>()) << name << " " << i;
    // The files hold corners in hundredths of a pixel: their quadrilaterals are no exact rectangles.
    if (oriented)
      expect_corners(sample.objects->boxes[k], boxes->second[i], 0.05);
    else
      expect_bounds(sample.objects->boxes[k], boxes->second[i]);
  }
}

TEST(ObjectReadersParity, EveryLayoutGivesTheBoxesClassesAndSplitsThatOthersRead) {
  for (const char* name : {"dior", "dior-r", "fair1m", "dota-v2.0", "coco", "voc", "image-boxes"}) {
    SCOPED_TRACE(name);
    const auto dataset = written(name);
    EXPECT_TRUE(dataset->description().problems.empty());
    EXPECT_EQ(dataset->description().label, LabelKind::kBoxes);
    const auto expected = Fixture(fmt::format("objects_{}", name)).with_prefix("");
    for (const char* split : kSplits) {
      const auto count = expected.find(fmt::format("split:{}", split));
      EXPECT_EQ(static_cast<int64_t>(samples_of(*dataset, split).size()),
                count == expected.end() ? 0 : count->second.item<int64_t>())
          << split;
    }
    for (int64_t i = 0; i < dataset->size(); ++i)
      expect_objects(dataset->get(i), expected, dataset->description().oriented);
  }
}

TEST(ObjectReadersParity, ImagesStandBesideTheirBoxes) {
  const auto dataset = written("dota-v2.0");
  const LabelledSample sample = dataset->get(0);
  EXPECT_EQ(sample.images[Modality::kHr]->series.values.sizes(), (torch::IntArrayRef{1, 3, 64, 64}));
  EXPECT_EQ(dataset->files(0).size(), 2);
  EXPECT_FALSE(dataset->get(0, {.label = false}).objects.has_value());
}

TEST(ObjectReadersParity, OrientedDataSetsGiveUprightBoxesWhereAsked) {
  DatasetOptions options;
  options.boxes = "upright";
  const auto turned = written("dota-v2.0"), upright = written("dota-v2.0", options);
  EXPECT_FALSE(upright->description().oriented);
  const ObjectLabels a = *turned->get(0).objects, b = *upright->get(0).objects;
  for (size_t i = 0; i < a.boxes.size(); ++i) {
    EXPECT_NEAR(a.boxes[i].bounds().left, b.boxes[i].bounds().left, 0.05);
    EXPECT_NEAR(a.boxes[i].bounds().bottom, b.boxes[i].bounds().bottom, 0.05);
    EXPECT_NEAR(std::remainder(b.boxes[i].angle, M_PI / 2), 0, 1e-12);
  }
  options.boxes = "oriented";
  const auto coco = written("coco", options);
  bool any_turned = false;
  const LabelledSample first = coco->get(0);
  for (const OrientedBox& box : first.objects->boxes)
    any_turned = any_turned || std::abs(std::remainder(box.angle, M_PI / 2)) > 0.01;
  EXPECT_TRUE(any_turned) << "the segmentations' rectangles";
}

TEST(ObjectReadersParity, AWindowAndATileShowThePartOfTheObjects) {
  const auto whole = written("dota-v2.0");
  const TiledDataset tiles(written("dota-v2.0"), {.side = 40, .stride = 24});
  const ObjectLabels all = *whole->get(0).objects;
  for (int64_t tile = 0; tile < 4; ++tile) {
    const LabelledSample sample = tiles.get(tile);
    const PixelWindow window{tile % 2 * 24, tile / 2 * 24, 40, 40};
    EXPECT_EQ(sample.entry.name, fmt::format("train/P0002@{},{}", window.x, window.y));
    const auto x = static_cast<double>(window.x), y = static_cast<double>(window.y);
    size_t shown = 0;
    for (size_t i = 0; i < all.boxes.size(); ++i) {
      const double share = area_inside(all.boxes[i].corners(), {x, y, x + 40, y + 40}) / all.boxes[i].area();
      if (share == 0) continue;
      ASSERT_LT(shown, sample.objects->boxes.size());
      EXPECT_NEAR(sample.objects->boxes[shown].x, all.boxes[i].x - x, 1e-9);
      EXPECT_EQ(sample.objects->ignored[shown], all.ignored[i] != 0 || share < 0.7 ? 1 : 0);
      ++shown;
    }
    EXPECT_EQ(sample.objects->boxes.size(), shown);
  }
}

TEST(ObjectReadersParity, AreCheckedAndCounted) {
  const auto dataset = written("dota-v2.0");
  const DatasetCheck check = check_dataset(*dataset, {});
  EXPECT_EQ(check.read, 2);
  EXPECT_EQ(check.splits.at("train").classes.at(0), 1) << "objects of the class plane";
  EXPECT_EQ(check.splits.at("train").ignored, 1);
  EXPECT_EQ(check.left_out, 0);
}

/// A folder of images of 64 x 64 with DOTA's labels for each.
class BoxFolderTest : public ::testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) {
    fs::create_directories((folder_ / file).parent_path());
    std::ofstream(folder_ / file) << text;
  }
  void add_image(const std::string& name, const std::string& suffix = ".png") {
    const fs::path source = fs::path(std::getenv("SKYSENSE_FIXTURES")) /
                            (suffix == ".png" ? "object_datasets/dota-v2.0/train/images/P0002.png"
                                              : "object_datasets/image-boxes/images/train/a.tif");
    fs::create_directories(folder_ / "images");
    fs::copy_file(source, folder_ / "images" / (name + suffix));
  }
  std::unique_ptr<LabelledDataset> open(bool strict = false, const std::string& reader = "image-boxes") {
    write_class_names(folder_ / kLabelClassesFile, {"ship", "plane"});
    DatasetOptions options;
    options.strict = strict;
    options.train_share = 1;
    return open_labelled_dataset(reader, folder_.path(), options);
  }
  std::string path(const std::string& file) const { return (folder_ / file).string(); }

  const TemporaryFolder folder_;
};

TEST_F(BoxFolderTest, FaultyObjectsAreLeftOutAndNamedOrFatal) {
  add_image("a");
  write("labels/a.txt", "1 1 9 1 9 5 1 5 ship 0\nnan 1 9 1 9 5 1 5 ship 0\n1 1 9 1 9 5 1 5 boat 0\n");
  const LabelledSample sample = open()->get(0);
  EXPECT_EQ(sample.objects->size(), 1);
  EXPECT_THAT(sample.problems, ElementsAre(HasSubstr(path("labels/a.txt") + ":2: a coordinate"),
                                           HasSubstr(path("labels/a.txt") + ":3: unknown class 'boat'")));
  EXPECT_EQ(check_dataset(*open(), {}).left_out, 2);
  EXPECT_THAT([&] { open(true)->get(0); }, ThrowsMessage<DataError>(HasSubstr("a.txt:2: a coordinate")));
}

TEST_F(BoxFolderTest, ImagesAndLabelsWithoutEachOtherAreLeftOutAndNamedOrFatal) {
  for (const char* name : {"a", "b", "c"}) add_image(name);
  for (const char* name : {"a", "c", "d"}) write(fmt::format("labels/{}.txt", name), "");
  const auto dataset = open();
  EXPECT_EQ(dataset->size(), 2);
  EXPECT_THAT(dataset->description().problems,
              ElementsAre(HasSubstr("b.png: an image without labels"), HasSubstr("d.txt: labels without an image")));
  EXPECT_EQ(check_dataset(*dataset, {}).left_out, 2);
  EXPECT_EQ(dataset->get(0).objects->size(), 0) << "a file without objects is a label";
  EXPECT_THAT([&] { open(true); }, ThrowsMessage<DataError>(HasSubstr("b.png: an image without labels")));
}

TEST_F(BoxFolderTest, AGreyImageHasItsBandThrice) {
  fs::create_directories(folder_ / "images");
  RasterLayout layout;
  layout.width = layout.height = 8;
  layout.bands = 1;
  layout.type = PixelType::kUInt8;
  layout.format = "PNG";
  std::vector<float> values(64);
  for (size_t i = 0; i < 64; ++i) values[i] = static_cast<float>(i + 1);
  write_raster(folder_ / "images/a.png", layout, values.data());
  write("labels/a.txt", "");
  const auto read = open()->get(0).images[Modality::kHr]->series.values;
  ASSERT_EQ(read.sizes(), (torch::IntArrayRef{1, 3, 8, 8}));
  for (int64_t band = 0; band < 3; ++band) EXPECT_NEAR(read[0][band][7][7].item<double>(), 64.0 / 255, 1e-6);
}

TEST_F(BoxFolderTest, AnImageOfAnotherSizeThanItsLabelsSayIsRefused) {
  add_image("a");
  write("labels/a.xml",
        "<annotation><size><width>640</width><height>64</height></size><object><name>ship</name><bndbox><xmin>1</xmin>"
        "<ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>");
  EXPECT_THAT([&] { open()->get(0); },
              ThrowsMessage<DataError>(
                  HasSubstr("a.xml: its labels are of an image of 640 x 64 pixels, but the image has 64 x 64")));
}

std::string geojson(const std::string& crs, double left, double top, double side) {
  const double right = left + side, bottom = top - side;
  return fmt::format(
      R"({{"type":"FeatureCollection","crs":{{"type":"name","properties":{{"name":"{}"}}}},"features":[{{"type":"Feature",)"
      R"("properties":{{}},"geometry":{{"type":"Polygon","coordinates":[[[{},{}],[{},{}],[{},{}],[{},{}],[{},{}]]]}}}},)"
      R"({{"type":"Feature","properties":{{}},"geometry":{{"type":"Point","coordinates":[{},{}]}}}}]}})",
      crs, left, top, right, top, right, bottom, left, bottom, left, top, left, top);
}

TEST_F(BoxFolderTest, LabelsOfAnotherPlaceOrReferenceSystemAreNamed) {
  add_image("a", ".tif");  // of 2 m, from 500000, 5600000 in EPSG:32631
  write("labels/a.geojson", geojson("urn:ogc:def:crs:EPSG::32631", 500010, 5599990, 20));
  write_class_names(folder_ / kLabelClassesFile, {"ship"});
  const auto open_one = [&](bool strict) {
    DatasetOptions options;
    options.train_share = 1;
    options.strict = strict;
    return open_labelled_dataset("image-boxes", folder_.path(), options);
  };
  const LabelledSample right = open_one(false)->get(0);
  ASSERT_EQ(right.objects->size(), 1);
  EXPECT_NEAR(right.objects->boxes[0].x, 10, 1e-6);
  EXPECT_NEAR(right.objects->boxes[0].width, 10, 1e-6);
  EXPECT_THAT(right.problems, ElementsAre(HasSubstr("a geometry without an area has no box")));
  // The same numbers, said to be of the next zone.
  write("labels/a.geojson", geojson("urn:ogc:def:crs:EPSG::32632", 500010, 5599990, 20));
  const LabelledSample wrong = open_one(false)->get(0);
  EXPECT_EQ(wrong.objects->size(), 0);
  EXPECT_THAT(wrong.problems.back(),
              HasSubstr("none of its 1 objects lies on the image: its coordinate reference system "
                        "is EPSG:32632, the image's EPSG:32631"));
  EXPECT_THROW(open_one(true)->get(0), DataError);
}

TEST_F(BoxFolderTest, LabelsWithAReferenceSystemWantAnImageWithOne) {
  add_image("a");
  write("labels/a.geojson", geojson("urn:ogc:def:crs:EPSG::32631", 500010, 5599990, 20));
  write_class_names(folder_ / kLabelClassesFile, {"ship"});
  EXPECT_THAT([&] { open_labelled_dataset("image-boxes", folder_.path(), {})->get(0); },
              ThrowsMessage<DataError>(HasSubstr("a.geojson: has a coordinate reference system, but the image")));
}

TEST_F(BoxFolderTest, OneFileOfAllImagesGivesEachWhatLiesOnIt) {
  add_image("a", ".tif");
  write("objects.geojson", geojson("urn:ogc:def:crs:EPSG::32631", 500010, 5599990, 20));
  write_class_names(folder_ / kLabelClassesFile, {"ship"});
  const auto open_one = [&] { return open_labelled_dataset("image-boxes", folder_.path(), {})->get(0); };
  EXPECT_EQ(open_one().objects->size(), 1);
  write("objects.geojson", geojson("urn:ogc:def:crs:EPSG::32631", 600010, 5599990, 20));
  const LabelledSample elsewhere = open_one();
  EXPECT_EQ(elsewhere.objects->size(), 0);
  EXPECT_TRUE(elsewhere.problems.empty());
}

TEST_F(BoxFolderTest, CocoNamesAnnotationsOfImagesThatItDoesNotHave) {
  add_image("a");
  write(
      "annotations/coco.json",
      R"({"images":[{"id":1,"file_name":"a.png"},{"id":2,"file_name":"b.png"}],"categories":[{"id":1,"name":"ship"}],)"
      R"("annotations":[{"id":5,"image_id":7,"category_id":1,"bbox":[1,1,2,2]},)"
      R"({"id":6,"image_id":1,"category_id":1,"bbox":[1,1,-2,2]},{"id":7,"image_id":1,"category_id":3,"bbox":[1,1,2,2]}]})");
  const auto dataset = open(false, "coco");
  ASSERT_EQ(dataset->size(), 1);
  EXPECT_THAT(dataset->description().problems, ElementsAre(HasSubstr("coco.json:1: annotation 0 (id 5): of image 7"),
                                                           HasSubstr("labels without an image")));
  EXPECT_THAT(dataset->get(0).problems, ElementsAre(HasSubstr("(id 6): the ship has a box of -2 x 2 pixels"),
                                                    HasSubstr("(id 7): unknown class 'category 3'")));
}

TEST_F(BoxFolderTest, FoldersOfOtherLayoutsAreRefusedWithTheLayout) {
  for (const char* reader : {"dior", "dior-r", "fair1m", "dota-v1.0", "coco", "voc", "image-boxes"})
    EXPECT_THAT([&] { open_labelled_dataset(reader, folder_.path(), {}); },
                ThrowsMessage<DataError>(HasSubstr("expected")))
        << reader;
}

TEST(PlacesObjects, SyntheticEarthGivesTheObjectsOfAnyWindow) {
  const auto dataset = open_labelled_dataset("places-objects", "synth:3,val=0,test=0,size=16,hr=20,ms=1,sar=1");
  EXPECT_EQ(dataset->description().classes.size(), 11);
  EXPECT_TRUE(dataset->description().oriented);
  int64_t objects = 0;
  for (int64_t i = 0; i < dataset->size(); ++i) {
    const RasterSize extent = dataset->extent(i);
    EXPECT_EQ(extent.width, 320);
    const LabelledSample whole = dataset->get(i);
    EXPECT_EQ(whole.images[Modality::kHr]->series.values.size(-1), 320);
    objects += whole.objects->size();
    const LabelledSample part = dataset->get(i, {.window = PixelWindow{80, 40, 160, 200}});
    size_t shown = 0;
    for (const OrientedBox& box : whole.objects->boxes) {
      if (area_inside(box.corners(), {80, 40, 240, 240}) > 0) ++shown;
    }
    EXPECT_EQ(part.objects->boxes.size(), shown);
  }
  EXPECT_GT(objects, 0);
}

TEST(RealObjects, DeepForestsTreesAreReadFromVocsXmlAndCocosJson) {
  const char* data = std::getenv("SKYSENSE_TEST_DATA");
  if (data == nullptr || !fs::exists(fs::path(data) / "deepforest_trees"))
    GTEST_SKIP() << "deepforest_trees is not here";
  const fs::path trees = fs::path(data) / "deepforest_trees";
  const TemporaryFolder folder;
  for (const char* part : {"images", "labels", "annotations"}) fs::create_directories(folder / std::string(part));
  fs::create_symlink(trees / "OSBS_029.tif", folder / "images/OSBS_029.tif");
  fs::create_symlink(trees / "OSBS_029.xml", folder / "labels/OSBS_029.xml");
  write_class_names(folder / kLabelClassesFile, {"Tree"});
  const auto plot = open_labelled_dataset("image-boxes", folder.path());
  EXPECT_EQ(plot->get(0).objects->size(), 61);
  EXPECT_TRUE(plot->get(0).problems.empty());
  fs::create_symlink(trees / "coco_sample_file.json", folder / "annotations/coco.json");
  for (const char* name : {"5dded5bc0140b80006d2e565_23.tif", "5b90f92da0d7280005fab355_4310.tif"})
    fs::create_symlink(trees / name, folder / "images" / name);
  const auto tiles = open_labelled_dataset("coco", folder.path());
  ASSERT_EQ(tiles->size(), 2);
  EXPECT_EQ(tiles->get(0).objects->size() + tiles->get(1).objects->size(), 6);
}

TEST(RealObjects, DotasExampleHasItsShipsAndHarbours) {
  const char* data = std::getenv("SKYSENSE_TEST_DATA");
  if (data == nullptr || !fs::exists(fs::path(data) / "dota_examples")) GTEST_SKIP() << "dota_examples is not here";
  const TemporaryFolder folder;
  fs::create_directories(folder / "train/images");
  fs::create_symlink(fs::path(data) / "dota_examples/images/P0706.png", folder / "train/images/P0706.png");
  fs::create_symlink(fs::path(data) / "dota_examples/labelTxt", folder / "train/labelTxt");
  const auto dataset = open_labelled_dataset("dota-v1.0", folder.path());
  const LabelledSample sample = dataset->get(0);
  EXPECT_EQ(sample.objects->size(), 536);
  EXPECT_TRUE(sample.problems.empty()) << sample.problems.front();
  for (const OrientedBox& box : sample.objects->boxes) EXPECT_GT(box.height, 1);
}

}  // namespace
}  // namespace skysense
