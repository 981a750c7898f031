#include "infer/detect_job.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/config.h"
#include "core/error.h"
#include "core/fingerprint.h"
#include "core/memory.h"
#include "core/progress.h"
#include "engine/checkpoint_files.h"
#include "engine/device.h"
#include "engine/signals.h"
#include "infer/batch_seconds.h"
#include "infer/detector_finder.h"
#include "infer/group_jobs.h"
#include "raster/raster_reader.h"

namespace skysense {
namespace {

constexpr int64_t kOverlapPart = 4;     // of a tile is shared with the next one
constexpr int64_t kBatchesPerTrim = 4;  // where memory has no limit

std::vector<uint8_t> wanted_classes(const std::vector<std::string>& names, const std::vector<std::string>& known) {
  if (names.empty()) return {};
  std::vector<uint8_t> wanted(known.size());
  for (const std::string& name : names) {
    const auto found = std::ranges::find(known, name);
    if (found == known.end()) {
      throw UsageError(fmt::format("--classes: the model knows no '{}'; did you mean '{}'? It knows {}", name,
                                   nearest_word(name, known), fmt::join(known, ", ")));
    }
    wanted[static_cast<size_t>(found - known.begin())] = 1;
  }
  return wanted;
}

/// In pixels of the labels, as tiles are counted.
TileChoice tile_choice(const DetectOptions& options, const TaskScenes& scenes) {
  const int64_t labels = scenes.divisions(), raster = scenes.raster_pixels();
  return {.tile = options.tile * labels / raster,
          .overlap = options.overlap < 0 ? -1 : options.overlap * labels / raster,
          .part = kOverlapPart};
}

}  // namespace

DetectJob::DetectJob(const TaskProduct& product, const DetectOptions& options, const FinderFor& make)
    : options_(options),
      scenes_(product, {options.scene}, options.bbox),
      tiling_(scenes_.tiling(tile_choice(options, scenes_))),
      finder_(make(scenes_, tiling_)),
      choice_{.score = options.score, .classes = wanted_classes(options.classes, product.task.classes)},
      memory_(plan_jobs(needs(), options.max_memory, 1)) {
  set_raster_cache_bytes(memory_.raster_cache);
}

MemoryNeeds DetectJob::needs() const {
  MemoryNeeds needs{.block_side = 0};
  needs.resident = resident_bytes();
  needs.jobs = options_.jobs;
  needs.region = scenes_.region_bytes(tiling_);
  needs.workspace = finder_->workspace_bytes();
  const int64_t tile = finder_->most_objects() * static_cast<int64_t>(sizeof(FoundObject));
  needs.group_result = 2 * tiling_.batch() * tile;
  // What is held between rows of batches: the tiles of one of them and of the row that it touches.
  const CellWindow area = scenes_.scene().grid().covering(scenes_.area());
  const int64_t columns = ceil_divide(area.columns, tiling_.stride()) + 1;
  needs.sample = (tiling_.group_rows() + 1) * columns * finder_->most_objects() * SeamMerge::kBytesOfSighting;
  return needs;
}

std::vector<TileGroup> DetectJob::groups() const {
  return tiling_.groups_touching(scenes_.scene().grid().covering(scenes_.area()));
}

int64_t DetectJob::tiles() const {
  int64_t count = 0;
  for (const TileGroup& group : groups()) count += tiling_.tiles_in(group);
  return count;
}

SceneSeams DetectJob::seams() const {
  const PixelWindow first = scenes_.scene().grid().pixels_of({0, 0, 1, 1});
  return SceneSeams(tiling_, scenes_.raster_pixels(), {static_cast<double>(first.x), static_cast<double>(first.y)});
}

bool DetectJob::holds(const FoundObject& object) const {
  const PixelWindow& area = scenes_.area();
  const double x = object.box.x - static_cast<double>(area.x), y = object.box.y - static_cast<double>(area.y);
  return x >= 0 && y >= 0 && x < static_cast<double>(area.width) && y < static_cast<double>(area.height);
}

void DetectJob::compute(const std::vector<TileGroup>& groups,
                        const std::function<void(const TileGroup&, GroupObjects)>& sink,
                        const std::string& advice) const {
  if (groups.empty()) return;
  const SignalWatch signals;
  const int64_t batch = tiling_.batch(), count = static_cast<int64_t>(groups.size());
  Progress progress("detect", count * batch, "tiles");
  const auto reader = scenes_.reader();
  GroupSource source = [&groups, next = size_t{0}]() mutable -> std::optional<TileGroup> {
    if (next == groups.size()) return std::nullopt;
    return groups[next++];
  };
  GroupJobs<GroupObjects> jobs(
      std::move(source), memory_.jobs, tiling_, scenes_.scene().grid().covering(scenes_.area()), *reader,
      [&](const ReadGroup& read) { return find_objects(read, tiling_, scenes_.raster_pixels(), *finder_, choice_); });
  for (int64_t done = 1; done <= count; ++done) {
    sink(groups[static_cast<size_t>(done - 1)], jobs.next());
    if (options_.max_memory > 0 || done % kBatchesPerTrim == 0) release_freed_memory();
    progress.update(done * batch);
    if (signals.received() != 0) throw Interrupted(signals.received(), advice);
  }
}

double DetectJob::measure_batch_seconds() const {
  return batch_seconds(scenes_, tiling_, memory_.jobs, [&](const TileBatch& batch) { finder_->find(batch); });
}

std::map<std::string, std::string> DetectJob::conditions() const {
  std::map<std::string, std::string> conditions = scenes_.conditions();
  const auto config = scenes_.product().checkpoint / kConfigFile;
  if (std::filesystem::exists(config)) conditions["config of the model"] = fingerprint(config);
  conditions["tiling"] = tiling_.text();
  conditions["score"] = fmt::format("{}", options_.score);
  conditions["classes"] = fmt::format("{}", fmt::join(options_.classes, ","));
  conditions["list of settings"] = fmt::format("{}", fmt::join(options_.settings, " "));
  conditions["precision"] = options_.precision;
  conditions["device"] = device_kind(finder_->device());
  return conditions;
}

std::map<std::string, std::string> DetectJob::provenance() const {
  std::map<std::string, std::string> tags = options_.tags;
  tags.merge(scenes_.provenance());
  tags["SKYSENSE_PRODUCT"] = "objects";
  tags["SKYSENSE_TILING"] = tiling_.text();
  tags["SKYSENSE_PRECISION"] = options_.precision;
  tags["SKYSENSE_DEVICE"] = device_kind(finder_->device());
  if (!options_.settings.empty()) tags["SKYSENSE_SETTINGS"] = fmt::format("{}", fmt::join(options_.settings, " "));
  tags["SKYSENSE_LEAST_SCORE"] = fmt::format("{}", options_.score);
  return tags;
}

FinderFor detector_finder(const DetectionProduct& product, c10::ScalarType dtype) {
  return [&product, dtype](const TaskScenes& scenes, const Tiling& tiling) {
    return std::make_unique<DetectorFinder>(product, scenes, tiling, dtype);
  };
}

}  // namespace skysense
