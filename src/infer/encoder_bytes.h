#pragma once

#include "heads/task_product.h"
#include "infer/tiling.h"

namespace skysense {

/// What a fine-tuned network needs for a batch of tiles before its head, beyond its input, estimated from above.
struct EncoderBytes {
  int64_t maps = 0;      ///< of the four stages of one time, which the head then sees
  int64_t encoding = 0;  ///< the peak of backbone or fusion beside them
  int64_t finest = 0;    ///< pixels of the finest stage map of a tile
};

/// `images` of each modality at each time; `pixels_per_cell` 0 where a modality is absent.
EncoderBytes encoder_bytes(const TaskProduct& product, const Tiling& tiling, int64_t divisions,
                           const PerModality<int64_t>& pixels_per_cell, const PerModality<int64_t>& images);

}  // namespace skysense
