#include "boxes/roi_sampling.h"

#include <algorithm>
#include <cstring>

#include "core/wide_vectors.h"

namespace skysense {
namespace {

constexpr int64_t kPackBytes = 64;
constexpr int64_t kBlock = 64;  // channels summed together: their sums fit the registers
constexpr int64_t kBinsAtOnce = 64;

/// The sums of `Packs` vectors of channels over the taps [begin, end).
template <class Number, int64_t Packs>
[[gnu::always_inline]] inline void sum_taps(const Number* cells, int64_t channels, const RoiTaps& taps, int32_t begin,
                                            int32_t end, Number* sums) {
  typedef Number Pack __attribute__((vector_size(kPackBytes)));
  Pack total[Packs] = {};
  for (int32_t t = begin; t < end; ++t) {
    const auto* cell = cells + static_cast<int64_t>(taps.cell[t]) * channels;
    const auto weight = static_cast<Number>(taps.weight[t]);
    for (int64_t p = 0; p < Packs; ++p) {
      Pack values;
      std::memcpy(&values, reinterpret_cast<const char*>(cell) + p * kPackBytes, kPackBytes);
      total[p] += values * weight;
    }
  }
  std::memcpy(sums, total, sizeof(total));
}

template <class Number>
[[gnu::always_inline]] inline void pool_block(const Number* cells, int64_t channels, int64_t width, const RoiTaps& taps,
                                              int64_t bins, Number* pooled) {
  Number sums[kBinsAtOnce * kBlock];
  for (int64_t begin = 0; begin < bins; begin += kBinsAtOnce) {
    const int64_t count = std::min(kBinsAtOnce, bins - begin);
    for (int64_t bin = 0; bin < count; ++bin) {
      const int32_t first = taps.first[begin + bin], last = taps.first[begin + bin + 1];
      Number* const sum = sums + bin * kBlock;
      if (width == kBlock) {
        sum_taps<Number, kBlock* static_cast<int64_t>(sizeof(Number)) / kPackBytes>(cells, channels, taps, first, last,
                                                                                    sum);
        continue;
      }
      std::fill_n(sum, width, Number(0));
      for (int32_t t = first; t < last; ++t) {
        const auto weight = static_cast<Number>(taps.weight[t]);
        const Number* cell = cells + static_cast<int64_t>(taps.cell[t]) * channels;
        for (int64_t c = 0; c < width; ++c) sum[c] += cell[c] * weight;
      }
    }
    for (int64_t c = 0; c < width; ++c) {
      for (int64_t bin = 0; bin < count; ++bin) pooled[c * bins + begin + bin] = sums[bin * kBlock + c];
    }
  }
}

}  // namespace

template <class Number>
void pool_channels_last(const Number* cells, int64_t channels, const RoiTaps& taps, int64_t bins, Number* pooled) {
  with_wide_vectors([&]() __attribute__((always_inline)) {
    for (int64_t c = 0; c < channels; c += kBlock)
      pool_block(cells + c, channels, std::min(kBlock, channels - c), taps, bins, pooled + c * bins);
  });
}

template <class Number>
void pool_channels_first(const Number* planes, int64_t channels, int64_t plane, const RoiTaps& taps, int64_t bins,
                         Number* pooled) {
  // Four planes together: their sums do not wait for each other.
  int64_t c = 0;
  for (; c + 4 <= channels; c += 4, planes += 4 * plane, pooled += 4 * bins) {
    for (int64_t bin = 0; bin < bins; ++bin) {
      Number sums[4] = {};
      for (int32_t t = taps.first[bin]; t < taps.first[bin + 1]; ++t) {
        const Number* cell = planes + taps.cell[t];
        const auto weight = static_cast<Number>(taps.weight[t]);
        for (int64_t i = 0; i < 4; ++i) sums[i] += cell[i * plane] * weight;
      }
      for (int64_t i = 0; i < 4; ++i) pooled[i * bins + bin] = sums[i];
    }
  }
  for (; c < channels; ++c, planes += plane) {
    for (int64_t bin = 0; bin < bins; ++bin) {
      Number sum = 0;
      for (int32_t t = taps.first[bin]; t < taps.first[bin + 1]; ++t)
        sum += planes[taps.cell[t]] * static_cast<Number>(taps.weight[t]);
      *pooled++ = sum;
    }
  }
}

template <class Number>
void spread_channels_last(const Number* gradient, int64_t begin, int64_t end, int64_t channels, const RoiTaps& taps,
                          int64_t bins, Number* cells) {
  with_wide_vectors([&]() __attribute__((always_inline)) {
    Number values[kBlock];
    for (int64_t from = begin; from < end; from += kBlock) {
      const int64_t width = std::min(kBlock, end - from);
      for (int64_t bin = 0; bin < bins; ++bin) {
        for (int64_t c = 0; c < width; ++c) values[c] = gradient[(from + c) * bins + bin];
        for (int32_t t = taps.first[bin]; t < taps.first[bin + 1]; ++t) {
          const auto weight = static_cast<Number>(taps.weight[t]);
          Number* const cell = cells + static_cast<int64_t>(taps.cell[t]) * channels + from;
          for (int64_t c = 0; c < width; ++c) cell[c] += values[c] * weight;
        }
      }
    }
  });
}

template <class Number>
void spread_channels_first(const Number* gradient, int64_t begin, int64_t end, int64_t plane, const RoiTaps& taps,
                           int64_t bins, Number* planes) {
  for (int64_t c = begin; c < end; ++c) {
    Number* const target = planes + c * plane;
    for (int64_t bin = 0; bin < bins; ++bin) {
      const Number value = gradient[c * bins + bin];
      for (int32_t t = taps.first[bin]; t < taps.first[bin + 1]; ++t)
        target[taps.cell[t]] += value * static_cast<Number>(taps.weight[t]);
    }
  }
}

template void pool_channels_last(const float*, int64_t, const RoiTaps&, int64_t, float*);
template void pool_channels_last(const double*, int64_t, const RoiTaps&, int64_t, double*);
template void pool_channels_first(const float*, int64_t, int64_t, const RoiTaps&, int64_t, float*);
template void pool_channels_first(const double*, int64_t, int64_t, const RoiTaps&, int64_t, double*);
template void spread_channels_last(const float*, int64_t, int64_t, int64_t, const RoiTaps&, int64_t, float*);
template void spread_channels_last(const double*, int64_t, int64_t, int64_t, const RoiTaps&, int64_t, double*);
template void spread_channels_first(const float*, int64_t, int64_t, int64_t, const RoiTaps&, int64_t, float*);
template void spread_channels_first(const double*, int64_t, int64_t, int64_t, const RoiTaps&, int64_t, double*);

}  // namespace skysense
