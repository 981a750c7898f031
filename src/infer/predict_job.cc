#include "infer/predict_job.h"

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/adaptive_max_pool2d.h>

#include <algorithm>

#include "core/memory.h"
#include "engine/device.h"
#include "infer/batch_seconds.h"
#include "infer/task_extractor.h"
#include "infer/task_scene.h"

namespace skysense {
namespace {

constexpr int64_t kBatchesPerTrim = 16;
constexpr int64_t kFloat = sizeof(float);

/// A map [.., h, w] on the raster's pixels, where the labels that it was learnt from lay on others: means of
/// probabilities, the least of validities, the most of counts.
torch::Tensor onto_raster(const torch::Tensor& map, int64_t height, int64_t width) {
  if (map.size(-2) == height && map.size(-1) == width) return map;
  const torch::Tensor planes = map.to(torch::kFloat).reshape({-1, 1, map.size(-2), map.size(-1)});
  torch::Tensor result;
  if (map.is_floating_point())
    result = at::adaptive_avg_pool2d(planes, {height, width});
  else if (map.scalar_type() == torch::kBool)
    result = -std::get<0>(at::adaptive_max_pool2d(-planes, {height, width}));
  else
    result = std::get<0>(at::adaptive_max_pool2d(planes, {height, width}));
  std::vector<int64_t> sizes = map.sizes().vec();
  sizes[sizes.size() - 2] = height;
  sizes.back() = width;
  return result.view(sizes).to(map.scalar_type());
}

const TaskProduct& suited(const TaskProduct& product, const PredictOptions& options) {
  require_task(product, options.times.size());
  return product;
}

}  // namespace

PredictJob::PredictJob(const TaskProduct& product, const PredictOptions& options)
    : options_(options), scenes_(suited(product, options), options.times, options.bbox) {
  run_.emplace(run_options());
}

SceneRunOptions PredictJob::run_options() const {
  const bool pair = scenes_.times() > 1;
  const int64_t divisions = scenes_.divisions();
  SceneRunOptions run{
      .verb = pair ? "change" : "predict",
      .tiling = scenes_.tiling({.tile = options_.tile, .overlap = options_.overlap, .window = options_.window}),
      .area = scene().grid().covering(area()),
      .needs = {},
      .max_memory = options_.max_memory};
  run.needs.region = scenes_.region_bytes(run.tiling);
  run.needs.resident = resident_bytes();
  run.needs.jobs = options_.jobs;
  run.needs.workspace =
      task_workspace_bytes(product(), run.tiling, divisions, scene().pixels_per_cell(), scenes_.images());
  // Probabilities, and which images are valid, and as much again for what is made of both.
  const int64_t shown = static_cast<int64_t>(scenes_.all_images().size()) + scenes_.times() * kModalityCount;
  const int64_t pixel = 2 * (probability_count(product().task) * kFloat + shown), raster = scenes_.raster_pixels();
  run.needs.cell = divisions * divisions * pixel;
  run.needs.group_result = run.tiling.group_height() * run.tiling.group_width() * run.needs.cell / 2;
  if (raster != divisions) run.needs.cell += raster * raster * pixel;
  if (options_.max_memory == 0) run.batches_per_trim = kBatchesPerTrim;
  run.needs.block_side = std::max<int64_t>(1, options_.block / divisions);
  return run;
}

PixelWindow PredictJob::pixels_in(const CellWindow& block) const {
  PixelWindow pixels = scene().grid().pixels_of(block).intersect(area());
  pixels.x -= area().x;
  pixels.y -= area().y;
  return pixels;
}

torch::Tensor PredictJob::crop(const torch::Tensor& map, const CellWindow& block) const {
  const PixelWindow whole = scene().grid().pixels_of(block), part = whole.intersect(area());
  return onto_raster(map, whole.height, whole.width)
      .narrow(-2, part.y - whole.y, part.height)
      .narrow(-1, part.x - whole.x, part.width);
}

FeatureRunCounts PredictJob::compute(const std::vector<CellWindow>& blocks,
                                     const std::function<void(const WindowFeatures&)>& sink,
                                     const std::string& advice) const {
  const TaskExtractor network(product(), scene().grid(), scenes_.divisions(), options_.dtype);
  const AugmentedExtractor extractor(network, options_.augmentation);
  return run_->run(blocks, *scenes_.reader(), extractor, run_->area(), sink, advice);
}

double PredictJob::measure_batch_seconds() const {
  const TaskExtractor network(product(), scene().grid(), scenes_.divisions(), options_.dtype);
  const AugmentedExtractor extractor(network, options_.augmentation);
  return batch_seconds(scenes_, run_->tiling(), run_->memory().jobs,
                       [&](const TileBatch& batch) { extractor.extract(batch); });
}

std::string PredictJob::device() const { return device_kind(device_of(*product().network)); }

std::map<std::string, std::string> PredictJob::conditions() const {
  std::map<std::string, std::string> conditions = scenes_.conditions();
  conditions["tiling"] = run_->tiling().text();
  conditions["window"] = blend_window_name(options_.window);
  conditions["tta"] = augmentation_name(options_.augmentation);
  conditions["dtype"] = c10::toString(options_.dtype);
  conditions["device"] = device();
  return conditions;
}

std::map<std::string, std::string> PredictJob::provenance() const {
  std::map<std::string, std::string> tags = options_.tags;
  tags.merge(scenes_.provenance());
  tags["SKYSENSE_PRODUCT"] = scenes_.times() > 1 ? "change" : "classes";
  tags["SKYSENSE_TILING"] = run_->tiling().text();
  tags["SKYSENSE_BLENDING"] = blend_window_name(options_.window);
  tags["SKYSENSE_TTA"] = augmentation_name(options_.augmentation);
  tags["SKYSENSE_PRECISION"] = options_.dtype == c10::kFloat ? "float32" : "bfloat16";
  tags["SKYSENSE_DEVICE"] = device();
  return tags;
}

}  // namespace skysense
