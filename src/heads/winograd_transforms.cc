// Built as model/attention_kernel.cc is (src/CMakeLists.txt).
#include "heads/winograd_transforms.h"

#include <algorithm>

#include "core/packs.h"

namespace skysense {
namespace {

constexpr int64_t kOut = kWinogradOut, kIn = kWinogradIn;

/// The transpose of B times a column of 6.
template <class Pack>
[[gnu::always_inline]] inline void transform_six(const Pack (&d)[kIn], Pack (&to)[kIn]) {
  const Pack even = d[4] - 4.0F * d[2], odd = d[3] - 4.0F * d[1];
  const Pack half_even = d[4] - d[2], half_odd = 2.0F * (d[3] - d[1]);
  to[0] = 4.0F * d[0] - 5.0F * d[2] + d[4];
  to[1] = even + odd;
  to[2] = even - odd;
  to[3] = half_even + half_odd;
  to[4] = half_even - half_odd;
  to[5] = 4.0F * d[1] - 5.0F * d[3] + d[5];
}

/// The transpose of A times a column of 6.
template <class Pack>
[[gnu::always_inline]] inline void transform_to_four(const Pack (&m)[kIn], Pack (&to)[kOut]) {
  const Pack sum = m[1] + m[2], difference = m[1] - m[2], far_sum = m[3] + m[4], far_difference = m[3] - m[4];
  to[0] = m[0] + sum + far_sum;
  to[1] = difference + 2.0F * far_difference;
  to[2] = sum + 4.0F * far_sum;
  to[3] = difference + 8.0F * far_difference + m[5];
}

using Pixels = const float* [kIn][kIn];  // of a tile, by row and column

/// Channels from `channel` on, as many at once as a pack holds -> the first that is left.
template <class V>
[[gnu::always_inline]] inline int64_t transform_input_channels(const Pixels& pixels, int64_t channel, int64_t channels,
                                                               float* moved, int64_t product) {
  using Pack = typename V::Pack;
  for (; channel + V::kLanes <= channels; channel += V::kLanes) {
    Pack half[kIn][kIn];  // by column and row
    for (int64_t x = 0; x < kIn; ++x) {
      Pack column[kIn];
      for (int64_t y = 0; y < kIn; ++y) column[y] = load<V>(pixels[y][x] + channel);
      transform_six(column, half[x]);
    }
    for (int64_t y = 0; y < kIn; ++y) {
      const Pack row[kIn] = {half[0][y], half[1][y], half[2][y], half[3][y], half[4][y], half[5][y]};
      Pack whole[kIn];
      transform_six(row, whole);
      for (int64_t x = 0; x < kIn; ++x) store<V>(moved + (y * kIn + x) * product + channel, whole[x]);
    }
  }
  return channel;
}

/// Of the tile whose sums are `tile` floats into each product; its upper left pixel is at row `top`, column `left`.
template <class V>
[[gnu::always_inline]] inline int64_t transform_output_channels(const WinogradProducts& products, int64_t tile,
                                                                const float* bias, int64_t channel,
                                                                const WinogradImage<float>& image, int64_t top,
                                                                int64_t left) {
  using Pack = typename V::Pack;
  const int64_t height = std::min(kOut, image.height - top), width = std::min(kOut, image.width - left);
  float* const corner = image.data + (top * image.width + left) * image.channels;
  for (; channel + V::kLanes <= image.channels; channel += V::kLanes) {
    const Pack shift = load<V>(bias + channel);
    Pack half[kIn][kOut];  // by column and row
    for (int64_t x = 0; x < kIn; ++x) {
      Pack column[kIn];
      for (int64_t y = 0; y < kIn; ++y) column[y] = load<V>(products[y * kIn + x] + tile + channel);
      transform_to_four(column, half[x]);
    }
    for (int64_t y = 0; y < height; ++y) {
      const Pack row[kIn] = {half[0][y], half[1][y], half[2][y], half[3][y], half[4][y], half[5][y]};
      Pack whole[kOut];
      transform_to_four(row, whole);
      float* const to = corner + y * image.width * image.channels + channel;
      for (int64_t x = 0; x < width; ++x) store<V>(to + x * image.channels, whole[x] + shift);
    }
  }
  return channel;
}

using Single = Packs<sizeof(float)>;  // for channels that fill no pack

int64_t columns_of(int64_t width) { return (width + kOut - 1) / kOut; }

}  // namespace

void transform_input(const WinogradImage<const float>& image, int64_t row, const float* zeros, float* moved,
                     int64_t product) {
  const int64_t columns = columns_of(image.width);
  for (int64_t tile = 0; tile < columns; ++tile) {
    Pixels pixels;
    for (int64_t y = 0; y < kIn; ++y) {
      for (int64_t x = 0; x < kIn; ++x) {
        const int64_t from_top = row * kOut + y - 1, from_left = tile * kOut + x - 1;
        const bool inside = from_top >= 0 && from_top < image.height && from_left >= 0 && from_left < image.width;
        pixels[y][x] = inside ? image.data + (from_top * image.width + from_left) * image.channels : zeros;
      }
    }
    float* const to = moved + tile * image.channels;
    with_wide_vectors([&](auto vectors) __attribute__((always_inline)) {
      const int64_t done = transform_input_channels<Packs<pack_bytes(vectors)>>(pixels, 0, image.channels, to, product);
      transform_input_channels<Single>(pixels, done, image.channels, to, product);
    });
  }
}

void transform_output(const WinogradProducts& products, int64_t first, const float* bias,
                      const WinogradImage<float>& image, int64_t row) {
  const int64_t columns = columns_of(image.width), top = row * kOut;
  for (int64_t i = 0; i < columns; ++i) {
    const int64_t tile = (first + i) * image.channels, left = i * kOut;
    with_wide_vectors([&](auto vectors) __attribute__((always_inline)) {
      const int64_t done =
          transform_output_channels<Packs<pack_bytes(vectors)>>(products, tile, bias, 0, image, top, left);
      transform_output_channels<Single>(products, tile, bias, done, image, top, left);
    });
  }
}

}  // namespace skysense
