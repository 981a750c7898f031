#include "infer/feature_windows.h"

#include <fmt/format.h>

#include <limits>
#include <map>

#include "core/error.h"
#include "core/memory.h"
#include "infer/group_plan.h"
#include "infer/read_ahead.h"
#include "infer/tile_batch.h"

namespace skysense {
namespace {

/// The part of one cell that the tiles of a group contribute.
struct GroupResult {
  torch::Tensor sum;    // [d, height, width]; undefined where no cell is valid
  torch::Tensor valid;  // [height, width] bool
};

GroupResult compute_group(const RegionImages& region, const Tiling& tiling, const TileGroup& group,
                          const FeatureExtractor& extractor) {
  GroupResult result{{}, valid_cells(region, tiling.group_height(), tiling.group_width())};
  if (!result.valid.any().item<bool>()) return result;
  result.sum = blend_tiles(extractor.extract(cut_tiles(region, tiling, group)), tiling);
  return result;
}

torch::Tensor part(const torch::Tensor& map, const CellWindow& whole, const CellWindow& shared) {
  return map.narrow(-2, shared.row - whole.row, shared.rows).narrow(-1, shared.column - whole.column, shared.columns);
}

void add_group(WindowFeatures& window, const GroupResult& group, const CellWindow& cells) {
  const CellWindow shared = window.window.intersect(cells);
  part(window.valid, window.window, shared).logical_or_(part(group.valid, cells, shared));
  if (group.sum.defined()) part(window.values, window.window, shared).add_(part(group.sum, cells, shared));
}

void finish_window(WindowFeatures& window) {
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

WindowFeatures empty_window(const CellWindow& cells, int64_t width) {
  return {cells, torch::zeros({width, cells.rows, cells.columns}),
          torch::zeros({cells.rows, cells.columns}, torch::kBool)};
}

}  // namespace

FeatureRunCounts compute_features(const std::vector<CellWindow>& windows, RegionReader& reader,
                                  const FeatureExtractor& extractor, const FeatureRun& run) {
  const c10::InferenceMode inference;
  GroupPlan plan(windows, run.tiling, run.room);
  ReadAhead ahead(plan, run.tiling, run.counted, reader);
  std::map<TileGroup, GroupResult> kept;
  std::optional<WindowFeatures> open;
  FeatureRunCounts counts;
  while (const auto step = plan.next()) {
    if (step->forget) kept.erase(*step->forget);
    if (step->compute) {
      GroupResult result = compute_group(ahead.next(), run.tiling, step->group, extractor);
      if (result.sum.defined()) counts.tiles += run.tiling.batch();
      kept[step->group] = std::move(result);
      // Without this the heap's holes add up over a scene, and its memory would grow after all.
      release_freed_memory();
      run.progress(++counts.groups);
    }
    if (!open) open = empty_window(windows[step->window], extractor.width());
    add_group(*open, kept.at(step->group), run.tiling.cells(step->group));
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

}  // namespace skysense
