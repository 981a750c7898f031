#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "eval/confusion.h"

namespace skysense {

struct BootstrapOptions {
  int64_t resamples = 1000;
  double confidence = 0.95;  ///< share of resamples within the interval, in (0, 1)
  uint64_t seed = 0;
};

struct ConfidenceInterval {
  double low = 0, high = 0;
  double standard_error = 0;  ///< deviation of the score over the resamples
};

/// Percentile bootstrap (Efron and Tibshirani 1993, ch. 13) of a score of `items` independent pieces. Pixels of one
/// image are not independent, so pieces are whole images (or scenes), drawn with replacement. `score` is given how
/// often each was drawn; the draws depend on the seed alone. Percentiles are interpolated linearly, as NumPy's. Throws
/// c10::ValueError for no items and options out of range.
ConfidenceInterval bootstrap(int64_t items, const std::function<double(std::span<const int64_t> times_drawn)>& score,
                             const BootstrapOptions& options = {});

/// The same for a score of summed confusion matrices, one an image, of one number of classes.
ConfidenceInterval bootstrap(std::span<const Confusion> images, const std::function<double(const Confusion&)>& score,
                             const BootstrapOptions& options = {});

}  // namespace skysense
