#include "finetune/labelled_batch.h"

#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "heads/task_product.h"

namespace skysense {
namespace {

const std::optional<PreparedSeries>& series_of(const PreparedSample& sample, size_t time, Modality modality) {
  return sample.times[time][modality];
}

/// Nothing where no sample has the modality at that time.
std::optional<TaskSeries> join_series(const std::vector<PreparedSample>& samples, size_t time, Modality modality) {
  const PreparedSeries* first = nullptr;
  int64_t dates = 0;
  for (const PreparedSample& sample : samples) {
    const auto& own = series_of(sample, time, modality);
    if (!own) continue;
    if (first == nullptr) first = &*own;
    if (own->images.sizes().slice(1) != first->images.sizes().slice(1)) {
      throw DataError(fmt::format(
          "images of {} x {} and of {} x {} pixels ({}) in one batch: set data.side, the side that the network sees",
          first->images.size(3), first->images.size(2), own->images.size(3), own->images.size(2),
          modality_name(modality)));
    }
    dates = std::max(dates, own->images.size(0));
  }
  if (first == nullptr) return std::nullopt;
  const auto places = static_cast<int64_t>(samples.size());
  const int64_t height = first->images.size(2), width = first->images.size(3);
  TaskSeries joined{.images = at::zeros({places, dates, first->images.size(1), height, width}),
                    .valid = at::zeros({places, dates, height, width}, at::kBool),
                    .day_of_year = at::zeros({places, dates}, at::kLong),
                    .present = at::zeros({places, dates}, at::kBool)};
  for (int64_t place = 0; place < places; ++place) {
    const auto& own = series_of(samples[static_cast<size_t>(place)], time, modality);
    if (!own) continue;
    const int64_t count = own->images.size(0);
    joined.images[place].narrow(0, 0, count).copy_(own->images);
    joined.valid[place].narrow(0, 0, count).copy_(own->valid);
    joined.day_of_year[place].narrow(0, 0, count).copy_(own->day_of_year);
    joined.present[place].narrow(0, 0, count).fill_(true);
  }
  return joined;
}

/// The labels of output `output`. Scenes that mixup left alone become probabilities beside those that it mixed.
torch::Tensor join_labels(const std::vector<PreparedSample>& samples, size_t output, int64_t classes) {
  const bool mixed = std::ranges::any_of(
      samples, [&](const PreparedSample& sample) { return sample.labels[output].is_floating_point(); });
  std::vector<torch::Tensor> labels;
  for (const PreparedSample& sample : samples) {
    auto label = sample.labels[output];
    if (mixed && !label.is_floating_point()) label = at::zeros({classes}).index_fill_(0, label.view({1}), 1);
    if (!labels.empty() && label.sizes() != labels.front().sizes())
      throw DataError("label maps of different sizes in one batch: set data.side, the side that the network sees");
    labels.push_back(label);
  }
  return at::stack(labels);
}

}  // namespace

LabelledBatch join_samples(const std::vector<PreparedSample>& samples, const TaskSetup& setup,
                           const TaskOptions& options) {
  TORCH_CHECK_VALUE(!samples.empty(), "a batch wants at least one sample");
  LabelledBatch batch;
  const PreparedSample& first = samples.front();
  for (size_t time = 0; time < first.times.size(); ++time) {
    TaskInput input;
    for (const Modality modality : setup.task.modalities) input.series[modality] = join_series(samples, time, modality);
    input.grid_height = fusion_cells(options, first.height);
    input.grid_width = fusion_cells(options, first.width);
    batch.input.times.push_back(std::move(input));
  }
  batch.input.height = first.height;
  batch.input.width = first.width;
  if (std::ranges::all_of(samples, [&](const auto& sample) { return sample.labels.size() == first.labels.size(); })) {
    for (size_t output = 0; output < first.labels.size(); ++output)
      batch.labels.push_back(join_labels(samples, output, static_cast<int64_t>(setup.task.classes.size())));
  }
  if (std::ranges::all_of(samples, [](const auto& sample) { return sample.objects.has_value(); })) {
    for (const PreparedSample& sample : samples) batch.objects.push_back(*sample.objects);
  }
  batch.locations = at::full({static_cast<int64_t>(samples.size()), 2}, std::numeric_limits<double>::quiet_NaN(),
                             at::TensorOptions(at::kDouble));
  for (size_t i = 0; i < samples.size(); ++i) {
    batch.locations[static_cast<int64_t>(i)][0] = samples[i].longitude_deg;
    batch.locations[static_cast<int64_t>(i)][1] = samples[i].latitude_deg;
  }
  return batch;
}

LabelledBatch to_device(const LabelledBatch& batch, torch::Device device, const GeoPrototypes* prototypes) {
  LabelledBatch moved = batch;
  torch::Tensor context;
  if (prototypes != nullptr) context = prototypes->gather(prototypes->regions_of(batch.locations), device);
  for (TaskInput& input : moved.input.times) {
    input = to_device(input, device);
    input.prototypes = context;
  }
  for (auto& label : moved.labels) label = label.to(device, /*non_blocking=*/true);
  for (auto& objects : moved.objects) objects = to_device(objects, device);
  return moved;
}

}  // namespace skysense
