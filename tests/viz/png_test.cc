#include "viz/png.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>

#include "core/error.h"
#include "core/files.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// libpng's own reader, asked for `channels` channels.
std::vector<uint8_t> decode(const std::string& bytes, int64_t channels) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()), 0);
  image.format = channels == 1 ? PNG_FORMAT_GRAY : channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_RGBA;
  std::vector<uint8_t> pixels(PNG_IMAGE_SIZE(image));
  EXPECT_NE(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr), 0);
  return pixels;
}

TEST(Png, HoldsThePixelsOfEveryChannelCount) {
  for (const int64_t channels : {1, 3, 4}) {
    Picture picture(5, 3, channels);
    for (size_t i = 0; i < picture.bytes.size(); ++i) picture.bytes[i] = static_cast<uint8_t>(i * 37);
    EXPECT_EQ(decode(encode_png(picture), channels), picture.bytes) << channels << " channels";
  }
}

TEST(Png, RefusesAPictureWhoseBytesDoNotFitItsSize) {
  Picture picture(4, 4);
  picture.bytes.pop_back();
  EXPECT_THROW(encode_png(picture), std::logic_error);
  EXPECT_THROW(Picture(0, 4), std::logic_error);
  EXPECT_THROW(Picture(4, 4, 2), std::logic_error);
}

TEST(Png, NamesThePathThatCannotBeWrittenAndLeavesNothing) {
  testing::TemporaryFolder folder;
  const auto file = folder / "absent" / "picture.png";
  EXPECT_THAT([&] { write_png(file, Picture(2, 2)); }, ThrowsMessage<DataError>(HasSubstr("absent/picture.png")));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Picture, BlendsByOpacityAndIgnoresWhatIsOutside) {
  Picture picture(2, 1, 3, {100, 100, 100});
  picture.blend(0, 0, {200, 0, 100, 128});
  picture.blend(7, 0, {0, 0, 0});
  EXPECT_EQ(picture.colour(0, 0), (Colour{150, 50, 100}));
  EXPECT_EQ(picture.colour(1, 0), (Colour{100, 100, 100}));
}

}  // namespace
}  // namespace skysense
