#pragma once

#include "heads/task_product.h"
#include "infer/feature_extractor.h"

namespace skysense {

/// Tiles of one time as a fine-tuned network takes them: normalised by its contracts. Images without a valid pixel in a
/// tile are absent from it. `output_side` of the tiles in pixels of the output.
TaskInput tile_input(const TaskProduct& product, const PerModality<std::optional<TileSeries>>& images,
                     int64_t output_side);

}  // namespace skysense
