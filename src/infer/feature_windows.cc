#include "infer/feature_windows.h"

#include <fmt/format.h>

#include <limits>
#include <map>

#include "core/error.h"
#include "core/memory.h"
#include "infer/group_jobs.h"
#include "infer/group_plan.h"
#include "infer/group_result.h"

namespace skysense {
namespace {

torch::Tensor part(const torch::Tensor& map, const CellWindow& whole, const CellWindow& shared, int64_t divisions) {
  return map.narrow(-2, (shared.row - whole.row) * divisions, shared.rows * divisions)
      .narrow(-1, (shared.column - whole.column) * divisions, shared.columns * divisions);
}

void add_group(WindowFeatures& window, const GroupResult& group, const CellWindow& cells, int64_t divisions) {
  const CellWindow shared = window.window.intersect(cells);
  const torch::Tensor images = part(window.images, window.window, shared, divisions);
  images.copy_(images.maximum(part(group.images, cells, shared, divisions)));
  if (group.sum.defined()) {
    part(window.values, window.window, shared, divisions).add_(part(group.sum, cells, shared, divisions));
  }
}

void finish_window(WindowFeatures& window) {
  window.valid = pixels_seen(window.images);
  const torch::Tensor invalid = window.valid.logical_not();
  window.values.masked_fill_(invalid, 0);
  if (!window.values.isfinite().all().item<bool>()) {
    throw DataError(fmt::format(
        "the model gives values that are not finite in rows {} to {}, columns {} to {} of the "
        "output's cell grid; check its weights with skysense info --model",
        window.window.row, window.window.row_end() - 1, window.window.column, window.window.column_end() - 1));
  }
  window.values.masked_fill_(invalid, std::numeric_limits<float>::quiet_NaN());
}

/// `images` gives the number of times, and of counts and images of each.
WindowFeatures empty_window(const CellWindow& cells, const FeatureExtractor& extractor, const torch::Tensor& images) {
  const int64_t rows = cells.rows * extractor.divisions(), columns = cells.columns * extractor.divisions();
  return {.window = cells,
          .values = torch::zeros({extractor.width(), rows, columns}),
          .valid = {},
          .images = torch::zeros({images.size(0), images.size(1), rows, columns}, torch::kUInt8)};
}

}  // namespace

FeatureRunCounts compute_features(const std::vector<CellWindow>& windows, RegionReader& reader,
                                  const FeatureExtractor& extractor, const FeatureRun& run) {
  const c10::InferenceMode inference;
  GroupPlan plan(windows, run.tiling, run.room);
  GroupJobs<GroupResult> jobs(computed_groups(plan), run.jobs, run.tiling, run.counted, reader,
                              [&](const ReadGroup& read) { return blended_features(read, run.tiling, extractor); });
  std::map<TileGroup, GroupResult> kept;
  std::optional<WindowFeatures> open;
  FeatureRunCounts counts;
  while (const auto step = plan.next()) {
    if (step->forget) kept.erase(*step->forget);
    if (step->compute) {
      GroupResult result = jobs.next();
      counts.tiles += result.tiles;
      counts.network_seconds += result.network_seconds;
      kept[step->group] = std::move(result);
      // Without this the heap's holes add up over a scene, and its memory would grow after all.
      if (++counts.groups % run.batches_per_trim == 0) release_freed_memory();
      run.progress(counts.groups);
    }
    const GroupResult& group = kept.at(step->group);
    if (!open) open = empty_window(windows[step->window], extractor, group.images);
    add_group(*open, group, run.tiling.cells(step->group), extractor.divisions());
    if (step->last) kept.erase(step->group);
    if (step->ends_window) {
      finish_window(*open);
      run.sink(*open);
      open.reset();
    }
  }
  return counts;
}

int64_t count_groups(const std::vector<CellWindow>& windows, const Tiling& tiling, int64_t room) {
  GroupPlan plan(windows, tiling, room);
  int64_t groups = 0;
  while (const auto step = plan.next()) groups += step->compute ? 1 : 0;
  return groups;
}

int64_t count_tiles(const std::vector<CellWindow>& windows, const Tiling& tiling, int64_t room) {
  GroupPlan plan(windows, tiling, room);
  int64_t tiles = 0;
  while (const auto step = plan.next()) tiles += step->compute ? tiling.tiles_in(step->group) : 0;
  return tiles;
}

}  // namespace skysense
