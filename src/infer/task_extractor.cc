#include "infer/task_extractor.h"

#include <algorithm>

#include "data/normalise.h"
#include "infer/product_extractor.h"
#include "model/autocast.h"
#include "model/options.h"

namespace skysense {
namespace {

constexpr int64_t kHrPixelsPerCell = 32;  // of the fusion grid without MS or SAR (TaskInput)

/// Per-tile series of a modality as the network takes it.
TaskSeries series_of(const TileSeries& tiles, const SensorContract& contract) {
  const int64_t batch = tiles.values.size(0), dates = tiles.values.size(1);
  TaskSeries series;
  series.images =
      normalise(tiles.values.flatten(0, 1), tiles.valid.flatten(0, 1), contract).unflatten(0, {batch, dates});
  series.valid = tiles.valid;
  series.day_of_year = tiles.day_of_year.unsqueeze(0).expand({batch, dates});
  series.present = tiles.valid.flatten(2).any(2);
  // Some image has to be there for the network to run; what it says of tiles without any is never used.
  if (!series.present.any().item<bool>()) series.present = torch::ones_like(series.present);
  return series;
}

}  // namespace

int64_t probability_count(const TaskDescription& task) {
  return static_cast<int64_t>(task.classes.size()) * (task.kind == TaskKind::kSemanticChange ? 2 : 1);
}

TaskExtractor::TaskExtractor(const TaskProduct& product, const CellGrid& grid, int64_t divisions, c10::ScalarType dtype)
    : product_(product),
      prototypes_(product.options.geo_context ? product.prototypes : std::nullopt, grid),
      divisions_(divisions),
      dtype_(dtype) {}

int64_t TaskExtractor::width() const { return probability_count(product_.task); }

TaskInput TaskExtractor::input_of(const PerModality<std::optional<TileSeries>>& images, int64_t output_side) const {
  TaskInput input;
  for (const Modality modality : product_.task.modalities) {
    const auto& tiles = images[modality];
    if (tiles) input.series[modality] = series_of(*tiles, *product_.contracts[modality]);
  }
  input.grid_height = input.grid_width = fusion_cells(product_.options, output_side);
  return input;
}

torch::Tensor TaskExtractor::extract(const TileBatch& batch) const {
  const AutocastScope autocast(c10::kCPU, dtype_);
  const int64_t side = batch.side * divisions_;
  TaskBatch task{.times = {}, .height = side, .width = side};
  for (const auto& images : batch.times) {
    task.times.push_back(input_of(images, side));
    task.times.back().prototypes = prototypes_.gather(batch.tiles);
  }
  TaskModel network = product_.network;
  std::vector<torch::Tensor> parts;
  for (const torch::Tensor& logits : network->forward(task).logits)
    parts.push_back(probabilities(logits, product_.task.loss));
  return parts.size() == 1 ? parts.front() : torch::cat(parts, 1);
}

int64_t task_workspace_bytes(const TaskProduct& product, const Tiling& tiling, int64_t divisions,
                             const PerModality<int64_t>& pixels_per_cell, const PerModality<int64_t>& images) {
  constexpr int64_t kBytes = sizeof(float);
  const ModelOptions& model = product.model;
  const int64_t times = times_of(parse_head(product.options.head)), batch = tiling.batch(),
                output_side = tiling.tile() * divisions;
  int64_t backbone = 0, finest = 0, maps = 0, all_images = 0;
  int64_t fusion_side = fusion_cells(product.options, output_side);
  for (const Modality modality : kModalities) {
    if (pixels_per_cell[modality] == 0) continue;
    const int64_t pixels = tiling.tile() * pixels_per_cell[modality];
    backbone = std::max(backbone, backbone_bytes(model, modality, batch * images[modality], pixels));
    int64_t side = pixels / kPatch;
    finest = std::max(finest, side * side);
    for (int stage = 0; stage < kStages; ++stage) {
      maps += times * batch * images[modality] * side * side * model.stage_dim(stage) * kBytes;
      if (modality == Modality::kHr) side = std::max<int64_t>(1, side / 2);
    }
    all_images += images[modality];
    if (product.options.cell == 0)
      fusion_side = std::max(fusion_side, modality == Modality::kHr ? pixels / kHrPixelsPerCell : pixels);
  }
  const int64_t fusion =
      product.options.fusion ? fusion_bytes(model, batch * fusion_side * fusion_side, all_images) : 0;
  // The head's maps on the finest level: each level, all of them joined, that with a border, and results; and weights
  // in the form that convolutions take.
  const int64_t channels = product.options.channels, winograd = 36 * kStages * channels * channels * kBytes;
  const int64_t head = times * batch * finest * (3 * kStages + 2) * channels * kBytes + winograd;
  // Logits, probabilities, and both again where one becomes the other.
  const int64_t results = 4 * batch * probability_count(product.task) * output_side * output_side * kBytes;
  return maps + std::max({backbone, fusion, head + results});
}

}  // namespace skysense
