#include "viz/png.h"

#include <fmt/format.h>
#include <png.h>

#include <stdexcept>

#include "core/files.h"

namespace skysense {
namespace {

int png_format(int64_t channels) {
  switch (channels) {
    case 1:
      return PNG_FORMAT_GRAY;
    case 3:
      return PNG_FORMAT_RGB;
    case 4:
      return PNG_FORMAT_RGBA;
    default:
      throw std::logic_error(fmt::format("a PNG picture has 1, 3 or 4 channels, not {}", channels));
  }
}

}  // namespace

std::string encode_png(const Picture& picture) {
  if (picture.width < 1 || picture.height < 1 ||
      picture.bytes.size() != static_cast<size_t>(picture.width * picture.height * picture.channels)) {
    throw std::logic_error(fmt::format("a picture of {} x {} x {} with {} bytes", picture.width, picture.height,
                                       picture.channels, picture.bytes.size()));
  }
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width);
  image.height = static_cast<png_uint_32>(picture.height);
  image.format = png_format(picture.channels);
  // libpng's own bound on the size avoids encoding twice.
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string bytes(size, '\0');
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, picture.bytes.data(), 0, nullptr) == 0) {
    throw std::logic_error(fmt::format("libpng: {}", image.message));
  }
  bytes.resize(size);
  return bytes;
}

void write_png(const std::filesystem::path& file, const Picture& picture) {
  write_file_atomically(file, encode_png(picture));
}

}  // namespace skysense
