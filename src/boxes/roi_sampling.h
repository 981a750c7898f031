#pragma once

#include <cstdint>

#include "boxes/roi_taps.h"

namespace skysense {

// Sums over taps, and their gradients, on one feature map of the CPU. Each has two writings for the two orders of
// memory, which give the same bits: with the channels last, vectors run along them; with the channels first, each plane
// is read on its own, which suits few boxes on a map that is not worth reordering. Number is float or double.

/// cells [height * width, channels] -> pooled [channels, bins].
template <class Number>
void pool_channels_last(const Number* cells, int64_t channels, const RoiTaps& taps, int64_t bins, Number* pooled);

/// planes [channels, plane] -> pooled [channels, bins].
template <class Number>
void pool_channels_first(const Number* planes, int64_t channels, int64_t plane, const RoiTaps& taps, int64_t bins,
                         Number* pooled);

/// Adds the gradient [channels, bins] of the channels [begin, end) to those of cells [height * width, channels].
template <class Number>
void spread_channels_last(const Number* gradient, int64_t begin, int64_t end, int64_t channels, const RoiTaps& taps,
                          int64_t bins, Number* cells);

/// The same to planes [channels, plane].
template <class Number>
void spread_channels_first(const Number* gradient, int64_t begin, int64_t end, int64_t plane, const RoiTaps& taps,
                           int64_t bins, Number* planes);

}  // namespace skysense
