#include "infer/embed_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/fingerprint.h"
#include "core/memory.h"
#include "core/progress.h"
#include "engine/signals.h"
#include "infer/group_plan.h"
#include "infer/pca_colours.h"
#include "infer/product_extractor.h"

namespace skysense {
namespace {

constexpr int64_t kStripGroups = 4;  // batches side by side in a strip, so that few are computed twice at its sides
constexpr int64_t kFloat = sizeof(float);

CellWindow area_of(const Scene& scene, const std::optional<MapBox>& bbox) {
  if (!bbox) return scene.extent();
  if (!(bbox->min_x < bbox->max_x) || !(bbox->min_y < bbox->max_y)) {
    throw UsageError("--bbox wants xmin ymin xmax ymax with xmin < xmax and ymin < ymax");
  }
  const CellWindow area = scene.grid().covering(*bbox).intersect(scene.extent());
  if (area.empty()) {
    const MapBox all = bounds(scene.grid().georeference(scene.extent()), scene.extent().columns, scene.extent().rows);
    throw DataError(fmt::format("--bbox {} {} {} {} does not meet the scene, which covers {} {} {} {} in its own CRS",
                                bbox->min_x, bbox->min_y, bbox->max_x, bbox->max_y, all.min_x, all.min_y, all.max_x,
                                all.max_y));
  }
  return area;
}

/// Results worth keeping for strips of that width: what a row of blocks shares with the next one.
int64_t useful_room(const Tiling& tiling, int64_t strip, int64_t side) {
  return static_cast<int64_t>(tiling.groups_touching({0, 0, side, strip}).size());
}

MemoryNeeds needs_of(const Product& product, const Scene& scene, const Tiling& tiling) {
  MemoryNeeds needs;
  PerModality<int64_t> dates{};
  const int64_t cells = tiling.group_height() * tiling.group_width();
  for (const Modality modality : kModalities) {
    const auto& rasters = scene.rasters()[modality];
    if (rasters.empty()) continue;
    dates[modality] = static_cast<int64_t>(rasters.size());
    const int64_t pixels = scene.pixels_per_cell()[modality];
    needs.region += dates[modality] * cells * pixels * pixels * (rasters.front().channels() * kFloat + 1);
  }
  needs.resident = resident_bytes();
  needs.workspace = workspace_bytes(product.options, tiling, scene.pixels_per_cell(), dates);
  needs.cell = product.options.fusion_dim * kFloat;
  needs.group_result = cells * needs.cell;
  needs.sample = kPreviewSampleCells * needs.cell;
  return needs;
}

}  // namespace

EmbedJob::EmbedJob(const Product& product, const EmbedOptions& options)
    : product_(product),
      options_(options),
      scene_(options.scene),
      tiling_(model_tiling(product.inference, scene_.reference(), scene_.pixels_per_cell()[scene_.reference()],
                           options.batch)),
      area_(area_of(scene_, options.bbox)) {
  const MemoryNeeds needs = needs_of(product, scene_, tiling_);
  memory_ = plan_memory(needs, options.max_memory, useful_room(tiling_, kUsualBlockSide, kUsualBlockSide));
  while (columns_per_strip_ * memory_.block_side < kStripGroups * tiling_.group_width()) {
    const int64_t wider = 2 * columns_per_strip_;
    const int64_t room = useful_room(tiling_, wider * memory_.block_side, memory_.block_side);
    const int64_t more = (room - memory_.room) * needs.group_result;
    if (options.max_memory > 0 && memory_.total + more > options.max_memory) break;
    columns_per_strip_ = wider;
    memory_.room = room;
    memory_.total += more;
  }
  set_raster_cache_bytes(memory_.raster_cache);
}

int64_t EmbedJob::width() const { return product_.options.fusion_dim; }

std::vector<CellWindow> EmbedJob::blocks() const {
  return blocks_in_strips(area_, memory_.block_side, columns_per_strip_);
}

FeatureRunCounts EmbedJob::run(const std::vector<CellWindow>& windows, bool count_pixels,
                               const std::function<void(const WindowFeatures&)>& sink) {
  const SignalWatch signals;
  const int64_t batch = tiling_.batch();
  Progress progress("embed", count_groups(windows, tiling_, memory_.room) * batch, "tiles");
  const FeatureRun run{.tiling = tiling_,
                       .room = memory_.room,
                       .counted = count_pixels ? area_ : CellWindow{},
                       .sink = sink,
                       .progress = [&](int64_t groups) {
                         progress.update(groups * batch);
                         if (signals.received() != 0) throw Interrupted(signals.received());
                       }};
  return compute_features(windows, scene_, ProductExtractor(product_, scene_.grid()), run);
}

std::map<std::string, std::string> EmbedJob::provenance() const {
  std::map<std::string, std::string> tags = options_.tags;
  tags["SKYSENSE_PRODUCT"] = "features";
  tags["SKYSENSE_MODEL"] = fingerprint(product_.checkpoint / "teacher.safetensors");
  tags["SKYSENSE_MODEL_STEP"] = std::to_string(product_.step);
  tags["SKYSENSE_SCENE"] = scene_.summary();
  tags["SKYSENSE_TILING"] = fmt::format("tile {} stride {} batch {} x {}", tiling_.tile(), tiling_.stride(),
                                        tiling_.group_rows(), tiling_.group_columns());
  return tags;
}

}  // namespace skysense
