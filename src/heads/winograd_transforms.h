#pragma once

#include <array>
#include <cstdint>

namespace skysense {

// What Winograd's F(4x4, 3x3) does before and after its products, on maps whose channels lie last in memory. Source:
// Lavin & Gray 2016 (arXiv 1509.09308), sec. 4.3.

inline constexpr int64_t kWinogradOut = 4;  // side of a tile of the output
inline constexpr int64_t kWinogradIn = 6;   // side of what it looks at

/// `height` rows of `width` pixels of `channels` floats, one after the other.
template <class Float>
struct WinogradImage {
  Float* data = nullptr;
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;
};

/// What a row of tiles, the `row`-th of the image, looks at -> for each of 36 products [tiles, channels], `product`
/// floats apart. Outside the image are `zeros`, a pixel of them.
void transform_input(const WinogradImage<const float>& image, int64_t row, const float* zeros, float* moved,
                     int64_t product);

using WinogradProducts = std::array<const float*, kWinogradIn * kWinogradIn>;

/// The products of a row of tiles, from row `first` of each [.., channels] on, and a bias for each channel -> the
/// tiles' pixels, less those outside the image.
void transform_output(const WinogradProducts& products, int64_t first, const float* bias,
                      const WinogradImage<float>& image, int64_t row);

}  // namespace skysense
