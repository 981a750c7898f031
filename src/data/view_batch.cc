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
      stacked = SeriesBatch{.values = torch::zeros({batch, dates, channels, side, side}),
                            .valid = torch::zeros({batch, dates, side, side}, torch::kBool),
                            .day_of_year = torch::zeros({batch, dates}, torch::kInt64),
                            .present = torch::zeros({batch, dates}, torch::kBool)};
    }
    const int64_t count = series->values.size(0);
    stacked->values[b].narrow(0, 0, count).copy_(series->values);
    stacked->valid[b].narrow(0, 0, count).copy_(series->valid);
    stacked->day_of_year[b].narrow(0, 0, count).copy_(series->day_of_year);
    stacked->present[b].narrow(0, 0, count).fill_(true);
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
  return stacked;
}

}  // namespace skysense
