#pragma once

#include <cstdint>

#include "core/options.h"

namespace skysense {

/// How a model is applied to scenes: the `inference` group of the config. These belong to the model, because another tile
/// gives other values: neither the area asked for, nor --max-memory, nor thread limits ever change them.
struct InferenceOptions {
  int64_t tile = 64;     ///< side of a tile in cells of the fusion grid (one MS pixel, or one 32 x 32 square of HR alone)
  int64_t overlap = 16;  ///< cells that neighbouring tiles share and blend over, < tile
  int64_t batch = 4;     ///< tiles that run together; the last batch is padded to it
  void describe(OptionFields& fields);
};

}  // namespace skysense
