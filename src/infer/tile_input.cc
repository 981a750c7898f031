#include "infer/tile_input.h"

#include "data/normalise.h"

namespace skysense {
namespace {

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

TaskInput tile_input(const TaskProduct& product, const PerModality<std::optional<TileSeries>>& images,
                     int64_t output_side) {
  TaskInput input;
  for (const Modality modality : product.task.modalities) {
    const auto& tiles = images[modality];
    if (tiles) input.series[modality] = series_of(*tiles, *product.contracts[modality]);
  }
  input.grid_height = input.grid_width = fusion_cells(product.options, output_side);
  return input;
}

}  // namespace skysense
