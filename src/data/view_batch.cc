#include "data/view_batch.h"

#include <limits>

namespace skysense {
namespace {

std::optional<SeriesBatch> stack_series(const std::vector<std::vector<View>>& places, int64_t slot, Modality modality,
                                        const SensorContracts& contracts, const ViewOptions& options) {
  const int64_t batch = static_cast<int64_t>(places.size());
  std::optional<SeriesBatch> stacked;
  for (int64_t b = 0; b < batch; ++b) {
    const auto& series = places[static_cast<size_t>(b)].at(static_cast<size_t>(slot)).images[modality];
    if (!series) continue;
    if (!stacked) {
      const int64_t dates = options.dates(modality), side = options.pixels(slot, modality);
      const int64_t channels = contracts[modality].value().channels();
      stacked = SeriesBatch{.values = torch::empty({batch, dates, channels, side, side}),
                            .valid = torch::zeros({batch, dates, side, side}, torch::kBool),
                            .day_of_year = torch::zeros({batch, dates}, torch::kInt64),
                            .present = torch::zeros({batch, dates}, torch::kBool)};
    }
    const int64_t count = series->values.size(0);
    stacked->values[b].narrow(0, 0, count).copy_(series->values);
    stacked->values[b].narrow(0, count, stacked->values.size(1) - count).zero_();
    stacked->valid[b].narrow(0, 0, count).copy_(series->valid);
    stacked->day_of_year[b].narrow(0, 0, count).copy_(series->day_of_year);
    stacked->present[b].narrow(0, 0, count).fill_(true);
  }
  for (int64_t b = 0; stacked && b < batch; ++b) {
    if (!places[static_cast<size_t>(b)][static_cast<size_t>(slot)].images[modality]) stacked->values[b].zero_();
  }
  return stacked;
}

torch::Tensor stack_labels(const std::vector<std::vector<View>>& places, int64_t slot) {
  torch::Tensor stacked;
  for (size_t b = 0; b < places.size(); ++b) {
    const torch::Tensor& cells = places[b].at(static_cast<size_t>(slot)).label_cells;
    if (!cells.defined()) continue;
    if (!stacked.defined())
      stacked = torch::full({static_cast<int64_t>(places.size()), cells.size(0), cells.size(1)}, -1, torch::kInt64);
    stacked[static_cast<int64_t>(b)].copy_(cells);
  }
  return stacked;
}

}  // namespace

ViewBatch collate(const std::vector<std::vector<View>>& places, int64_t slot, const SensorContracts& contracts,
                  const ViewOptions& options) {
  TORCH_CHECK_VALUE(!places.empty(), "collate: no places");
  const int64_t batch = static_cast<int64_t>(places.size());
  ViewBatch stacked{.images = {},
                    .boxes = torch::empty({batch, 4}, torch::kFloat64),
                    .transforms = torch::empty({batch}, torch::kInt64),
                    .locations = torch::full({batch, 2}, std::numeric_limits<double>::quiet_NaN(), torch::kFloat64)};
  for (const Modality modality : kModalities)
    stacked.images[modality] = stack_series(places, slot, modality, contracts, options);
  for (int64_t b = 0; b < batch; ++b) {
    const View& view = places[static_cast<size_t>(b)].at(static_cast<size_t>(slot));
    stacked.boxes[b].copy_(torch::tensor({view.box.x, view.box.y, view.box.width, view.box.height}, torch::kFloat64));
    stacked.transforms[b].fill_(view.transform);
    if (view.longitude_deg && view.latitude_deg) {
      stacked.locations[b].copy_(torch::tensor({*view.longitude_deg, *view.latitude_deg}, torch::kFloat64));
    }
  }
  stacked.label_cells = stack_labels(places, slot);
  return stacked;
}

}  // namespace skysense
