#pragma once

#include <functional>

#include "infer/feature_extractor.h"
#include "infer/task_scenes.h"

namespace skysense {

/// Seconds that `network` takes for one batch of tiles: measured on empty ones with all jobs at work, over their
/// number.
double batch_seconds(const TaskScenes& scenes, const Tiling& tiling, int64_t jobs,
                     const std::function<void(const TileBatch&)>& network);

}  // namespace skysense
