#include "core/feature_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"
#include "core/safetensors.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

FeatureSet example() {
  return {.width = 3,
          .values = {1, 2, 3, 4, 5, 6},
          .labels = {1, -1},
          .class_names = {"wood", "lake"},
          .ids = {"a/b.tif", "ü"}};
}

FeatureSet parsed(const std::string& bytes) { return parse_feature_file(std::as_bytes(std::span(bytes)), "file"); }

TEST(FeatureFile, ReadsWhatItWrote) {
  const TemporaryFolder folder;
  write_feature_file(folder / "f.safetensors", example());
  const FeatureSet found = read_feature_file(folder / "f.safetensors");
  EXPECT_EQ(found.rows(), 2);
  EXPECT_EQ(found.values, example().values);
  EXPECT_EQ(found.labels, example().labels);
  EXPECT_EQ(found.ids, example().ids);
  EXPECT_EQ(found.class_name(1), "lake");
  EXPECT_EQ(found.class_name(7), "7");
}

TEST(FeatureFile, AcceptsDoublesAndShortLabelsOfOtherPrograms) {
  const std::vector<double> values = {0.5, -1};
  const std::vector<int32_t> labels = {4, 5};
  const FeatureSet found =
      parsed(serialise_safetensors({{"features", ElementType::kF64, {2, 1}, std::as_bytes(std::span(values))},
                                    {"labels", ElementType::kI32, {2}, std::as_bytes(std::span(labels))}}));
  EXPECT_EQ(found.values, (std::vector<float>{0.5F, -1}));
  EXPECT_EQ(found.labels, (std::vector<int64_t>{4, 5}));
  EXPECT_TRUE(found.ids.empty() && found.class_names.empty());
}

TEST(FeatureFile, RefusesWhatIsNoTableOfFiniteValues) {
  const std::vector<float> values = {1, 2, std::numeric_limits<float>::quiet_NaN(), 4};
  const auto bytes = std::as_bytes(std::span(values));
  const auto refused = [](const std::string& text) { return [text] { parsed(text); }; };
  EXPECT_THAT(refused(serialise_safetensors({{"features", ElementType::kF32, {2, 2}, bytes}})),
              ThrowsMessage<DataError>(HasSubstr("file: row 1 of features")));
  EXPECT_THAT(refused(serialise_safetensors({{"features", ElementType::kF32, {4}, bytes}})),
              ThrowsMessage<DataError>(HasSubstr("no table")));
  EXPECT_THAT(refused(serialise_safetensors({{"values", ElementType::kF32, {2, 2}, bytes}})),
              ThrowsMessage<DataError>(HasSubstr("no tensor 'features'")));
  EXPECT_THAT(refused(serialise_safetensors({{"features", ElementType::kI32, {2, 2}, bytes}})),
              ThrowsMessage<DataError>(HasSubstr("of type I32")));
  EXPECT_THAT(refused(serialise_features(example()).substr(0, 40)), ThrowsMessage<DataError>(HasSubstr("file")));
  const std::vector<int64_t> labels = {1};
  EXPECT_THAT(refused(serialise_safetensors({{"labels", ElementType::kI64, {1}, std::as_bytes(std::span(labels))},
                                             {"features", ElementType::kF32, {1, 2}, bytes.first(8)}},
                                            {{"ids", "[1]"}})),
              ThrowsMessage<DataError>(HasSubstr("ids of its metadata")));
  EXPECT_THAT(refused(serialise_safetensors({{"features", ElementType::kF32, {1, 2}, bytes.first(8)}},
                                            {{"format_version", "2"}})),
              ThrowsMessage<DataError>(HasSubstr("format_version is 2")));
}

}  // namespace
}  // namespace skysense
