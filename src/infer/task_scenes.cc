#include "infer/task_scenes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/fingerprint.h"
#include "engine/checkpoint_files.h"
#include "infer/product_extractor.h"
#include "infer/scene_pair.h"
#include "infer/scene_run.h"
#include "infer/task_scene.h"

namespace skysense {
namespace {

constexpr int64_t kMostPixels = 256 * 256;  // of one image in a batch of tiles: more at once is no faster

/// Pixels of the output along the side of a cell: as few as hold a whole number of every modality's pixels.
int64_t divisions_of(const TaskDescription& task) {
  double smallest = 1;
  for (const Modality modality : task.modalities) smallest = std::min(smallest, task.pixels_per_output[modality]);
  return std::max<int64_t>(1, std::llround(1 / smallest));
}

SceneCells cells_of(const TaskDescription& task, int64_t divisions) {
  SceneCells cells{.reference = task.output, .pixels = {}, .grid = {}};
  for (const Modality modality : task.modalities) {
    cells.pixels[modality] =
        std::max<int64_t>(1, std::llround(static_cast<double>(divisions) * task.pixels_per_output[modality]));
  }
  return cells;
}

}  // namespace

TaskScenes::TaskScenes(const TaskProduct& product, const std::vector<SceneRequest>& times,
                       const std::optional<MapBox>& bbox)
    : product_(product), requests_(times), divisions_(divisions_of(product.task)) {
  open();
  area_ = scene().pixel_area(bbox);
}

void TaskScenes::open() {
  SceneCells cells = cells_of(product_.task, divisions_);
  for (SceneRequest request : requests_) {
    require_images(request, product_);
    request.cells = cells;
    scenes_.push_back(std::make_unique<Scene>(request));
    cells.grid = scenes_.front()->grid();
  }
  if (scenes_.size() < 2) return;
  const SceneRaster &before = scenes_[0]->rasters()[product_.task.output].front(),
                    &after = scenes_[1]->rasters()[product_.task.output].front();
  const std::string paths = before.source().path + " and " + after.source().path;
  if (!same_crs(before.georeference().wkt, after.georeference().wkt))
    throw DataError(fmt::format("{}: their CRS differ; bring one onto the other's with gdalwarp -t_srs", paths));
  if (scenes_[0]->pixel_extent().intersect(scenes_[1]->pixel_extent()).pixels() == 0)
    throw DataError(fmt::format("{}: do not overlap; change wants two images of the same ground", paths));
  if (before.source().date && after.source().date && *after.source().date < *before.source().date) {
    throw DataError(fmt::format("{}: the second image ({}) is older than the first ({}); name the earlier one first",
                                paths, after.source().date->text(), before.source().date->text()));
  }
}

Tiling TaskScenes::tiling(const TileChoice& choice) const {
  const InferenceOptions& inference = product_.inference;
  const TaskDescription& task = product_.task;
  int64_t side = choice.tile > 0 ? choice.tile : task.tile;
  if (side == 0) side = model_tiling(inference, task.output, 1).tile();
  const int64_t tile = std::max<int64_t>(2, side / divisions_);
  const int64_t shared = choice.overlap >= 0 ? choice.overlap / divisions_ : tile / choice.part;
  if (2 * shared > tile) throw UsageError("--overlap may be at most half of the tile");
  int64_t all_images = 0;
  for (const int64_t count : images()) all_images += count;
  // As many pixels at once as the model's own batches have.
  const int64_t usual = model_tiling(inference, task.output, 1).tile(), pixels = tile * divisions_;
  const int64_t most = std::min(inference.batch * usual * usual, kMostPixels);
  const int64_t batch = most / (pixels * pixels) / std::max<int64_t>(1, all_images);
  return Tiling(tile, shared, std::max<int64_t>(1, batch), choice.window).within(scene().extent());
}

int64_t TaskScenes::region_bytes(const Tiling& tiling) const {
  int64_t bytes = 0;
  for (const auto& scene : scenes_) bytes += skysense::region_bytes(*scene, tiling);
  return bytes;
}

std::unique_ptr<RegionReader> TaskScenes::reader() const {
  struct One : RegionReader {
    explicit One(Scene& scene) : scene_(scene) {}
    Region read(const CellWindow& window) override { return scene_.read(window); }
    void count(const CellWindow& window) override { scene_.count(window); }
    Scene& scene_;
  };
  if (scenes_.size() == 1) return std::make_unique<One>(*scenes_[0]);
  return std::make_unique<ScenePair>(*scenes_[0], *scenes_[1]);
}

std::vector<PredictedImage> TaskScenes::all_images() const {
  std::vector<PredictedImage> images;
  for (size_t time = 0; time < scenes_.size(); ++time) {
    for (const Modality modality : kModalities) {
      for (const SceneRaster& raster : scenes_[time]->rasters()[modality])
        images.push_back({static_cast<int64_t>(time), modality, raster.source().date});
    }
  }
  return images;
}

std::vector<Date> TaskScenes::dates() const {
  std::vector<Date> dates;
  for (const PredictedImage& image : all_images()) {
    if (image.date) dates.push_back(*image.date);
  }
  std::sort(dates.begin(), dates.end());
  return dates;
}

PerModality<int64_t> TaskScenes::images() const {
  PerModality<int64_t> counts{};
  for (const Modality modality : kModalities)
    counts[modality] = static_cast<int64_t>(scene().rasters()[modality].size());
  return counts;
}

Georeference TaskScenes::georeference() const {
  return scene().grid().reference().moved({static_cast<double>(area_.x), static_cast<double>(area_.y)});
}

PixelCounts TaskScenes::counts() const {
  PixelCounts sum;
  for (const auto& scene : scenes_) {
    sum.pixels += scene->counts().pixels;
    sum.invalid += scene->counts().invalid;
    sum.nan += scene->counts().nan;
  }
  return sum;
}

std::map<std::string, std::string> TaskScenes::conditions() const {
  std::map<std::string, std::string> conditions = {
      {"model", fingerprint(product_.checkpoint / kTeacherFile)},
      {"area", fmt::format("{} {} {} x {}", area_.x, area_.y, area_.width, area_.height)}};
  for (size_t time = 0; time < requests_.size(); ++time)
    conditions[fmt::format("scene {}", time + 1)] = describe_images(requests_[time]);
  return conditions;
}

std::map<std::string, std::string> TaskScenes::provenance() const {
  return {{"SKYSENSE_MODEL", fingerprint(product_.checkpoint / kTeacherFile)},
          {"SKYSENSE_MODEL_STEP", std::to_string(product_.step)},
          {"SKYSENSE_RECIPE", product_.task.recipe},
          {"SKYSENSE_DATASET", product_.task.dataset},
          {"SKYSENSE_SCENE", scene().summary() + (scenes_.size() > 1 ? " | " + scenes_[1]->summary() : "")}};
}

}  // namespace skysense
