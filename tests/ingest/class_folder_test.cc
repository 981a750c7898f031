#include "ingest/class_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "testing/all_close.h"
#include "testing/temporary_folder.h"
#include "viz/png.h"

namespace skysense {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class ClassFolderTest : public ::testing::Test {
 protected:
  void add(const std::string& name, int64_t width, int64_t height, Colour colour) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    write_png(folder_ / name, Picture(width, height, 3, colour));
  }
  ClassFolder open(int64_t size = 0) const {
    return ClassFolder(folder_.path(), {builtin_contract("aerial-rgb"), "", size});
  }

  testing::TemporaryFolder folder_;
};

TEST_F(ClassFolderTest, NumbersClassesByNameAndReadsBrightness) {
  add("water/b.png", 6, 4, {0, 51, 255});
  add("forest/a.png", 6, 4, {255, 102, 0});
  write_file_atomically(folder_ / "water" / "notes.txt", "not an image");
  const ClassFolder folder = open();
  EXPECT_THAT(folder.classes(), ElementsAre("forest", "water"));
  ASSERT_EQ(folder.size(), 2);
  const PlaceSample sample = folder.get(1);
  EXPECT_EQ(sample.id, "water/b.png");
  EXPECT_EQ(sample.scene_class, 1);
  const auto& image = *sample.images[Modality::kHr];
  EXPECT_EQ(image.values.sizes(), (torch::IntArrayRef{1, 3, 4, 6}));
  EXPECT_TRUE(testing::all_close(image.values[0].mean({1, 2}), torch::tensor({0.0f, 0.2f, 1.0f})));
  EXPECT_TRUE(image.valid.all().item<bool>());
}

TEST_F(ClassFolderTest, BringsImagesOfSeveralSizesToTheMostFrequentShorterSide) {
  add("a/1.png", 12, 8, {9, 9, 9});
  add("a/2.png", 8, 9, {9, 9, 9});
  add("b/3.png", 20, 20, {60, 90, 120});
  const ClassFolder folder = open();
  EXPECT_EQ(folder.common_size(), 8);
  for (int64_t i = 0; i < 3; ++i)
    EXPECT_EQ(folder.get(i).images[Modality::kHr]->values.sizes(), (torch::IntArrayRef{1, 3, 8, 8}));
  const auto resized = folder.get(2).images[Modality::kHr]->values[0];
  EXPECT_TRUE(testing::all_close(resized.mean({1, 2}) * 255, torch::tensor({60.0f, 90.0f, 120.0f})));
}

TEST_F(ClassFolderTest, CutsOutTheCentreOfTheLongerSide) {
  Picture striped(12, 4);
  for (int64_t y = 0; y < 4; ++y) {
    for (int64_t x = 0; x < 12; ++x) striped.at(x, y)[0] = static_cast<uint8_t>(x * 20);
  }
  add("a/1.png", 4, 4, {1, 1, 1});
  add("b/1.png", 4, 4, {1, 1, 1});
  write_png(folder_ / "a/2.png", striped);
  const auto red = open(4).get(1).images[Modality::kHr]->values[0][0] * 255;
  EXPECT_TRUE(testing::all_close(red[0], torch::tensor({80.0f, 100.0f, 120.0f, 140.0f})));
}

TEST_F(ClassFolderTest, RefusesFoldersThatAreNoClassFolders) {
  EXPECT_THAT([&] { open(); }, ThrowsMessage<DataError>(HasSubstr("has no subfolders")));
  add("only/1.png", 4, 4, {1, 1, 1});
  EXPECT_THAT([&] { open(); }, ThrowsMessage<DataError>(HasSubstr("has the one subfolder only")));
  std::filesystem::create_directories(folder_ / "empty");
  EXPECT_THAT([&] { open(); }, ThrowsMessage<DataError>(HasSubstr("empty: class folder without an image")));
  const auto absent = folder_ / "absent";
  EXPECT_THAT(
      [&] {
        ClassFolder(absent, {builtin_contract("aerial-rgb"), "", 0});
      },
      ThrowsMessage<DataError>(HasSubstr("no such folder")));
}

TEST_F(ClassFolderTest, NamesTheImageThatCannotBeRead) {
  add("a/1.png", 40, 40, {1, 1, 1});
  add("b/cut.png", 40, 40, {1, 1, 1});
  const std::string whole = read_text_file(folder_ / "b" / "cut.png");
  write_file_atomically(folder_ / "b" / "cut.png", whole.substr(0, whole.size() / 2));
  const ClassFolder folder = open();
  EXPECT_NO_THROW(folder.get(0));
  EXPECT_THAT([&] { folder.get(1); }, ThrowsMessage<DataError>(HasSubstr("b/cut.png")));
}

TEST_F(ClassFolderTest, NamesTheImageThatLacksABand) {
  add("a/1.png", 4, 4, {1, 1, 1});
  std::filesystem::create_directories(folder_ / "b");
  write_png(folder_ / "b" / "grey.png", Picture(4, 4, 1));
  EXPECT_THAT([&] { open().get(1); }, ThrowsMessage<DataError>(HasSubstr("b/grey.png: band red is missing")));
}

}  // namespace
}  // namespace skysense
