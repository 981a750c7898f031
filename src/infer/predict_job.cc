#include "infer/predict_job.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/error.h"
#include "core/fingerprint.h"
#include "core/memory.h"
#include "core/parallel_for.h"
#include "engine/checkpoint_files.h"
#include "infer/product_extractor.h"
#include "infer/scene_pair.h"
#include "infer/task_extractor.h"
#include "infer/task_scene.h"

namespace skysense {
namespace {

constexpr int64_t kMostPixels = 256 * 256;  // of one image in a batch of tiles: more at once is no faster
constexpr int64_t kBatchesPerTrim = 4;
constexpr int64_t kOverlapPart = 8;  // of a tile is shared with the next one
constexpr int64_t kFloat = sizeof(float);

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

PredictJob::PredictJob(const TaskProduct& product, const PredictOptions& options)
    : product_(product), options_(options), divisions_(divisions_of(product.task)) {
  require_task(product, options.times.size());
  open_scenes();
  area_ = scene().pixel_area(options_.bbox);
  run_.emplace(run_options());
}

void PredictJob::open_scenes() {
  SceneCells cells = cells_of(product_.task, divisions_);
  for (SceneRequest request : options_.times) {
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

Tiling PredictJob::choose_tiling() const {
  const InferenceOptions& inference = product_.inference;
  const TaskDescription& task = product_.task;
  int64_t side = options_.tile > 0 ? options_.tile : task.tile;
  if (side == 0) side = model_tiling(inference, task.output, 1).tile();
  const int64_t tile = std::max<int64_t>(2, side / divisions_);
  const int64_t shared = options_.overlap >= 0 ? options_.overlap / divisions_ : tile / kOverlapPart;
  if (2 * shared > tile) throw UsageError("--overlap may be at most half of the tile");
  int64_t images = 0;
  for (const auto& rasters : scene().rasters()) images += static_cast<int64_t>(rasters.size());
  // As many pixels at once as the model's own batches have.
  const int64_t usual = model_tiling(inference, task.output, 1).tile(), pixels = tile * divisions_;
  const int64_t most = std::min(inference.batch * usual * usual, kMostPixels);
  const int64_t batch = most / (pixels * pixels) / std::max<int64_t>(1, images);
  return Tiling(tile, shared, std::max<int64_t>(1, batch), options_.window).within(scene().extent());
}

SceneRunOptions PredictJob::run_options() const {
  const bool pair = scenes_.size() > 1;
  SceneRunOptions run{.verb = pair ? "change" : "predict",
                      .tiling = choose_tiling(),
                      .area = scene().grid().covering(area_),
                      .needs = {},
                      .max_memory = options_.max_memory};
  PerModality<int64_t> images{};
  for (const Modality modality : kModalities) {
    if (!scene().pixels_per_cell()[modality]) continue;
    images[modality] = static_cast<int64_t>(scene().rasters()[modality].size());
  }
  for (const auto& scene : scenes_) run.needs.region += region_bytes(*scene, run.tiling);
  run.needs.resident = resident_bytes();
  run.needs.jobs = options_.jobs;
  run.needs.workspace = task_workspace_bytes(product_, run.tiling, divisions_, scene().pixels_per_cell(), images);
  // Probabilities, and as much again for what is made of them.
  run.needs.cell = 2 * divisions_ * divisions_ * probability_count(product_.task) * kFloat;
  run.needs.group_result = run.tiling.group_height() * run.tiling.group_width() * run.needs.cell / 2;
  if (options_.max_memory == 0) run.batches_per_trim = kBatchesPerTrim;
  run.needs.block_side = std::max<int64_t>(1, options_.block / divisions_);
  return run;
}

std::unique_ptr<RegionReader> PredictJob::reader() const {
  struct One : RegionReader {
    explicit One(Scene& scene) : scene_(scene) {}
    Region read(const CellWindow& window) override { return scene_.read(window); }
    void count(const CellWindow& window) override { scene_.count(window); }
    Scene& scene_;
  };
  if (scenes_.size() == 1) return std::make_unique<One>(*scenes_[0]);
  return std::make_unique<ScenePair>(*scenes_[0], *scenes_[1]);
}

std::vector<Modality> PredictJob::modalities() const {
  std::vector<Modality> found;
  for (const Modality modality : kModalities) {
    if (!scene().rasters()[modality].empty()) found.push_back(modality);
  }
  return found;
}

std::vector<Date> PredictJob::dates() const {
  std::vector<Date> dates;
  for (const auto& scene : scenes_) {
    for (const auto& rasters : scene->rasters()) {
      for (const SceneRaster& raster : rasters) {
        if (raster.source().date) dates.push_back(*raster.source().date);
      }
    }
  }
  std::sort(dates.begin(), dates.end());
  return dates;
}

Georeference PredictJob::georeference() const {
  return scene().grid().reference().moved({static_cast<double>(area_.x), static_cast<double>(area_.y)});
}

PixelWindow PredictJob::pixels_in(const CellWindow& block) const {
  PixelWindow pixels = scene().grid().pixels_of(block).intersect(area_);
  pixels.x -= area_.x;
  pixels.y -= area_.y;
  return pixels;
}

torch::Tensor PredictJob::crop(const torch::Tensor& map, const CellWindow& block) const {
  const PixelWindow whole = scene().grid().pixels_of(block), part = whole.intersect(area_);
  return map.narrow(-2, part.y - whole.y, part.height).narrow(-1, part.x - whole.x, part.width);
}

FeatureRunCounts PredictJob::compute(const std::vector<CellWindow>& blocks,
                                     const std::function<void(const WindowFeatures&)>& sink,
                                     const std::string& advice) const {
  const TaskExtractor network(product_, scene().grid(), divisions_, options_.dtype);
  const AugmentedExtractor extractor(network, options_.augmentation);
  return run_->run(blocks, *reader(), extractor, run_->area(), sink, advice);
}

double PredictJob::measure_batch_seconds() const {
  const TaskExtractor network(product_, scene().grid(), divisions_, options_.dtype);
  const AugmentedExtractor extractor(network, options_.augmentation);
  const Tiling& tiling = run_->tiling();
  TileBatch batch{.side = tiling.tile(), .tiles = {}, .times = {}};
  for (int64_t i = 0; i < tiling.batch(); ++i)
    batch.tiles.push_back({run_->area().row, run_->area().column, tiling.tile(), tiling.tile()});
  for (const auto& scene : scenes_) {
    auto& images = batch.times.emplace_back();
    for (const Modality modality : kModalities) {
      const auto& rasters = scene->rasters()[modality];
      if (rasters.empty()) continue;
      const int64_t side = tiling.tile() * scene->pixels_per_cell()[modality];
      const auto dates = static_cast<int64_t>(rasters.size());
      images[modality] = TileSeries{torch::zeros({tiling.batch(), dates, rasters.front().channels(), side, side}),
                                    torch::ones({tiling.batch(), dates, side, side}, torch::kBool),
                                    torch::zeros({dates}, torch::kInt64)};
    }
  }
  const int64_t jobs = run_->memory().jobs;
  const auto everywhere = [&] {
    parallel_for(jobs, 1, jobs, [&](int64_t, int64_t) {
      at::init_num_threads();
      const c10::InferenceMode inference;
      extractor.extract(batch);
    });
  };
  everywhere();  // the first ones prepare what later ones find ready
  const auto started = std::chrono::steady_clock::now();
  everywhere();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count() / static_cast<double>(jobs);
}

PixelCounts PredictJob::counts() const {
  PixelCounts sum;
  for (const auto& scene : scenes_) {
    sum.pixels += scene->counts().pixels;
    sum.invalid += scene->counts().invalid;
    sum.nan += scene->counts().nan;
  }
  return sum;
}

std::map<std::string, std::string> PredictJob::conditions() const {
  std::map<std::string, std::string> conditions = {
      {"model", fingerprint(product_.checkpoint / kTeacherFile)},
      {"area", fmt::format("{} {} {} x {}", area_.x, area_.y, area_.width, area_.height)},
      {"tiling", run_->tiling().text()},
      {"window", std::string(blend_window_name(options_.window))},
      {"tta", std::string(augmentation_name(options_.augmentation))},
      {"dtype", c10::toString(options_.dtype)}};
  for (size_t time = 0; time < options_.times.size(); ++time)
    conditions[fmt::format("scene {}", time + 1)] = describe_images(options_.times[time]);
  return conditions;
}

std::map<std::string, std::string> PredictJob::provenance() const {
  std::map<std::string, std::string> tags = options_.tags;
  tags["SKYSENSE_PRODUCT"] = scenes_.size() > 1 ? "change" : "classes";
  tags["SKYSENSE_MODEL"] = fingerprint(product_.checkpoint / kTeacherFile);
  tags["SKYSENSE_MODEL_STEP"] = std::to_string(product_.step);
  tags["SKYSENSE_RECIPE"] = product_.task.recipe;
  tags["SKYSENSE_DATASET"] = product_.task.dataset;
  tags["SKYSENSE_SCENE"] = scene().summary() + (scenes_.size() > 1 ? " | " + scenes_[1]->summary() : "");
  tags["SKYSENSE_TILING"] = run_->tiling().text();
  tags["SKYSENSE_BLENDING"] = std::string(blend_window_name(options_.window));
  tags["SKYSENSE_TTA"] = std::string(augmentation_name(options_.augmentation));
  tags["SKYSENSE_PRECISION"] = options_.dtype == c10::kFloat ? "float32" : "bfloat16";
  return tags;
}

}  // namespace skysense
