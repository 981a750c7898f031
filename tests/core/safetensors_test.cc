#include "core/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string two_tensors() {
  static const float a[6] = {1, 2, 3, 4, 5, 6};
  static const uint8_t b[2] = {7, 8};
  return serialise_safetensors({{"a", ElementType::kF32, {2, 3}, std::as_bytes(std::span(a))},
                                {"b", ElementType::kU8, {2}, std::as_bytes(std::span(b))}},
                               {{"format_version", "1"}});
}

TEST(Safetensors, ReadsBackWhatItWrote) {
  const std::string file = two_tensors();
  const auto header = parse_safetensors(bytes_of(file), "test");
  ASSERT_EQ(header.tensors.size(), 2u);
  EXPECT_EQ(header.tensors[0].name, "a");
  EXPECT_EQ(header.tensors[0].shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(reinterpret_cast<const float*>(header.tensors[0].bytes.data())[5], 6.0f);
  EXPECT_EQ(header.tensors[1].type, ElementType::kU8);
  EXPECT_EQ(header.metadata.at("format_version"), "1");
}

TEST(Safetensors, RefusesEveryTruncation) {
  const std::string file = two_tensors();
  for (size_t length = 0; length < file.size(); ++length) {
    EXPECT_THROW(parse_safetensors(bytes_of(file.substr(0, length)), "cut"), DataError) << length;
  }
}

TEST(Safetensors, RefusesShapesThatDisagreeWithTheBytes) {
  std::string file = two_tensors();
  file.replace(file.find("[2,3]"), 5, "[2,4]");
  EXPECT_THAT([&] { parse_safetensors(bytes_of(file), "m.safetensors"); },
              ThrowsMessage<DataError>(AllOf(HasSubstr("m.safetensors"), HasSubstr("'a'"))));
}

TEST(Safetensors, AFileThatCannotBeWrittenLeavesTheEarlierOne) {
  testing::TemporaryFolder folder;
  write_safetensors(folder / "x.safetensors", {}, {{"which", "first"}});
  const float value = 1;
  EXPECT_THROW(write_safetensors(folder / "absent/x.safetensors",
                                 {{"v", ElementType::kF32, {1}, std::as_bytes(std::span(&value, 1))}}),
               DataError);
  EXPECT_EQ(SafetensorsFile(folder / "x.safetensors").metadata().at("which"), "first");
}

}  // namespace
}  // namespace skysense
