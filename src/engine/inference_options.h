#pragma once

#include <cstdint>

#include "core/options.h"

namespace skysense {

/// How a model is applied to scenes: the `inference` group of the config. These belong to the model, because another
/// tile gives other values: neither the area asked for, nor --max-memory, nor thread limits ever change them.
struct InferenceOptions {
  /// HR pixels for one of MS: 32 a token of stage 4 against 4.
  static constexpr int64_t kHrPixels = 8;
  int64_t tile = 64;     ///< side of a tile in MS or SAR pixels; over HR eight times as many of its pixels
  int64_t overlap = 16;  ///< of them, those that neighbouring tiles share and blend over; at most half
  int64_t batch = 4;     ///< tiles that run together; the last batch is padded to it
  void describe(OptionFields& fields);
};

}  // namespace skysense
