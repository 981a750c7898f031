#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skysense {

/// A colour with opacity, 0 to 255 each.
struct Colour {
  uint8_t red = 0, green = 0, blue = 0, alpha = 255;
  bool operator==(const Colour&) const = default;
};

/// An 8-bit raster in memory, rows from top to bottom, channels interleaved.
struct Picture {
  int64_t width = 0, height = 0;
  int64_t channels = 3;        ///< 1 grey, 3 red-green-blue, 4 with opacity
  std::vector<uint8_t> bytes;  ///< width * height * channels

  Picture() = default;
  /// A picture of one colour. Throws std::logic_error for an empty size or a channel count that is none of the above.
  Picture(int64_t width, int64_t height, int64_t channels = 3, Colour fill = {255, 255, 255});

  uint8_t* at(int64_t x, int64_t y) { return bytes.data() + offset(x, y); }
  const uint8_t* at(int64_t x, int64_t y) const { return bytes.data() + offset(x, y); }
  bool contains(int64_t x, int64_t y) const { return x >= 0 && y >= 0 && x < width && y < height; }
  /// The pixel's colour; (x, y) lies within the picture.
  Colour colour(int64_t x, int64_t y) const;
  /// Lays `colour` over the pixel by its opacity; outside the picture nothing happens.
  void blend(int64_t x, int64_t y, Colour colour);

 private:
  size_t offset(int64_t x, int64_t y) const { return static_cast<size_t>((y * width + x) * channels); }
};

/// The picture resized by whole pixels: every one becomes `factor` x `factor`.
Picture magnified(const Picture& picture, int64_t factor);

}  // namespace skysense
