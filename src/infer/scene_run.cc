#include "infer/scene_run.h"

#include <algorithm>

#include "core/progress.h"
#include "engine/signals.h"
#include "infer/group_plan.h"
#include "raster/raster_reader.h"

namespace skysense {
namespace {

constexpr int64_t kStripTiles = 16;  // side by side in a strip, so that few are computed twice at its sides

constexpr int64_t kUsualRoom = int64_t{192} << 20;  // bytes that the results kept for a strip take, about

/// Results worth keeping for strips of that width: what a row of blocks shares with the next one.
int64_t useful_room(const Tiling& tiling, int64_t strip, int64_t side) {
  return static_cast<int64_t>(tiling.groups_touching({0, 0, side, strip}).size());
}

}  // namespace

SceneRun::SceneRun(const SceneRunOptions& options) : options_(options) {
  const MemoryNeeds& needs = options_.needs;
  const Tiling endless = options_.tiling.endless();
  const int64_t room = useful_room(endless, needs.block_side, needs.block_side);
  memory_ = plan_jobs(needs, options_.max_memory, room);
  const int64_t wanted = std::min(kStripTiles * endless.stride(), options_.area.columns);
  while (columns_per_strip_ * memory_.block_side < wanted) {
    const int64_t wider = 2 * columns_per_strip_;
    const int64_t wider_room = useful_room(endless, wider * memory_.block_side, memory_.block_side);
    const int64_t more = (wider_room - memory_.room) * needs.group_result;
    if (options_.max_memory > 0 ? memory_.total + more > options_.max_memory
                                : wider_room * needs.group_result > kUsualRoom)
      break;
    columns_per_strip_ = wider;
    memory_.room = wider_room;
    memory_.total += more;
  }
  set_raster_cache_bytes(memory_.raster_cache);
}

std::vector<CellWindow> SceneRun::blocks() const {
  return blocks_in_strips(options_.area, memory_.block_side, columns_per_strip_);
}

FeatureRunCounts SceneRun::run(const std::vector<CellWindow>& windows, RegionReader& reader,
                               const FeatureExtractor& extractor, const CellWindow& counted,
                               const std::function<void(const WindowFeatures&)>& sink,
                               const std::string& advice) const {
  const SignalWatch signals;
  const int64_t batch = options_.tiling.batch();
  Progress progress(options_.verb, count_groups(windows, options_.tiling, memory_.room) * batch, "tiles");
  const FeatureRun run{.tiling = options_.tiling,
                       .room = memory_.room,
                       .jobs = memory_.jobs,
                       .batches_per_trim = options_.batches_per_trim,
                       .counted = counted,
                       .sink = sink,
                       .progress = [&](int64_t groups) {
                         progress.update(groups * batch);
                         if (signals.received() != 0) throw Interrupted(signals.received(), advice);
                       }};
  return compute_features(windows, reader, extractor, run);
}

int64_t region_bytes(const Scene& scene, const Tiling& tiling) {
  int64_t bytes = 0;
  for (const Modality modality : kModalities) {
    const auto& rasters = scene.rasters()[modality];
    if (rasters.empty()) continue;
    const int64_t pixels = scene.pixels_per_cell()[modality];
    bytes += static_cast<int64_t>(rasters.size()) * tiling.group_height() * tiling.group_width() * pixels * pixels *
             (rasters.front().channels() * static_cast<int64_t>(sizeof(float)) + 1);
  }
  return bytes;
}

}  // namespace skysense
