#include "infer/task_extractor.h"

#include <algorithm>

#include "engine/device.h"
#include "heads/winograd.h"
#include "infer/encoder_bytes.h"
#include "infer/tile_input.h"
#include "model/autocast.h"
#include "model/options.h"

namespace skysense {

int64_t probability_count(const TaskDescription& task) {
  return static_cast<int64_t>(task.classes.size()) * (task.kind == TaskKind::kSemanticChange ? 2 : 1);
}

TaskExtractor::TaskExtractor(const TaskProduct& product, const CellGrid& grid, int64_t divisions, c10::ScalarType dtype)
    : product_(product),
      prototypes_(product.options.geo_context ? product.prototypes : std::nullopt, grid, device_of(*product.network)),
      divisions_(divisions),
      device_(device_of(*product.network)),
      dtype_(dtype) {}

int64_t TaskExtractor::width() const { return probability_count(product_.task); }

torch::Tensor TaskExtractor::extract(const TileBatch& batch) const {
  const AutocastScope autocast(device_, dtype_);
  const int64_t side = batch.side * divisions_;
  TaskBatch task{.times = {}, .height = side, .width = side};
  for (const auto& images : batch.times) {
    task.times.push_back(to_device(tile_input(product_, images, side), device_));
    task.times.back().prototypes = prototypes_.gather(batch.tiles);
  }
  TaskModel network = product_.network;
  std::vector<torch::Tensor> parts;
  for (const torch::Tensor& logits : network->forward(task).logits)
    parts.push_back(probabilities(logits, product_.task.loss));
  return (parts.size() == 1 ? parts.front() : torch::cat(parts, 1)).cpu();
}

int64_t task_workspace_bytes(const TaskProduct& product, const Tiling& tiling, int64_t divisions,
                             const PerModality<int64_t>& pixels_per_cell, const PerModality<int64_t>& images) {
  constexpr int64_t kBytes = sizeof(float);
  const int64_t times = times_of(parse_head(product.options.head)), batch = tiling.batch(),
                output_side = tiling.tile() * divisions;
  const EncoderBytes encoder = encoder_bytes(product, tiling, divisions, pixels_per_cell, images);
  // The head's maps on the finest level: each level, all of them joined, that in another order, and results; and
  // weights and a part of the map in the form that convolutions take, moved and multiplied.
  const int64_t channels = product.options.channels, joined = batch * encoder.finest * kStages * channels;
  const int64_t winograd =
      36 * kStages * channels * channels + 2 * std::min<int64_t>(kWinogradChunkFloats, 36 * joined / 16);
  const int64_t head = (times * batch * encoder.finest * (3 * kStages + 2) * channels + winograd) * kBytes;
  // Logits, probabilities, and both again where one becomes the other.
  const int64_t results = 4 * batch * probability_count(product.task) * output_side * output_side * kBytes;
  return times * encoder.maps + std::max(encoder.encoding, head + results);
}

}  // namespace skysense
