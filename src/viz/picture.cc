#include "viz/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace skysense {

Picture::Picture(int64_t width_px, int64_t height_px, int64_t channel_count, Colour fill)
    : width(width_px), height(height_px), channels(channel_count) {
  if (width < 1 || height < 1 || (channels != 1 && channels != 3 && channels != 4)) {
    throw std::logic_error(fmt::format("a picture of {} x {} pixels with {} channels", width, height, channels));
  }
  bytes.resize(static_cast<size_t>(width * height * channels));
  const uint8_t pixel[4] = {fill.red, fill.green, fill.blue, fill.alpha};
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = pixel[i % static_cast<size_t>(channels)];
}

Colour Picture::colour(int64_t x, int64_t y) const {
  const uint8_t* p = at(x, y);
  if (channels == 1) return {p[0], p[0], p[0], 255};
  return {p[0], p[1], p[2], channels == 4 ? p[3] : uint8_t{255}};
}

void Picture::blend(int64_t x, int64_t y, Colour over) {
  if (!contains(x, y)) return;
  uint8_t* p = at(x, y);
  const uint8_t source[3] = {over.red, over.green, over.blue};
  for (int64_t c = 0; c < std::min<int64_t>(channels, 3); ++c) {
    p[c] = static_cast<uint8_t>((source[c] * over.alpha + p[c] * (255 - over.alpha) + 127) / 255);
  }
  if (channels == 4) p[3] = std::max(p[3], over.alpha);
}

Picture magnified(const Picture& picture, int64_t factor) {
  Picture result(picture.width * factor, picture.height * factor, picture.channels);
  for (int64_t y = 0; y < result.height; ++y) {
    for (int64_t x = 0; x < result.width; ++x) {
      std::copy_n(picture.at(x / factor, y / factor), picture.channels, result.at(x, y));
    }
  }
  return result;
}

}  // namespace skysense
