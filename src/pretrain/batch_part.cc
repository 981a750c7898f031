#include "pretrain/batch_part.h"

namespace skysense {

std::vector<ViewBatch> batch_part(const std::vector<ViewBatch>& views, int64_t first, int64_t count,
                                  torch::Device device) {
  const auto part = [&](const torch::Tensor& tensor) { return tensor.narrow(0, first, count).to(device); };
  std::vector<ViewBatch> parts;
  for (const ViewBatch& view : views) {
    ViewBatch out{.images = {},
                  .boxes = part(view.boxes),
                  .transforms = part(view.transforms),
                  .locations = view.locations.narrow(0, first, count)};
    if (view.label_cells.defined()) out.label_cells = part(view.label_cells);
    for (const Modality modality : kModalities) {
      if (!view.images[modality]) continue;
      const SeriesBatch& series = *view.images[modality];
      out.images[modality] = SeriesBatch{.values = part(series.values),
                                         .valid = part(series.valid),
                                         .day_of_year = part(series.day_of_year),
                                         .present = series.present.narrow(0, first, count)};
    }
    parts.push_back(std::move(out));
  }
  return parts;
}

}  // namespace skysense
