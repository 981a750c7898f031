#include "finetune/prepared_sample.h"

#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "core/error.h"
#include "data/normalise.h"
#include "raster/georeference.h"

namespace skysense {
namespace {

using Dates = std::vector<std::optional<Date>>;

bool is_pair(TaskKind kind) { return kind == TaskKind::kChange || kind == TaskKind::kSemanticChange; }

/// The label date that an image is nearest to, or nothing where dates are missing.
std::optional<int64_t> nearest_label(const std::optional<Date>& image, const Dates& labels) {
  if (!image) return std::nullopt;
  std::optional<int64_t> nearest;
  int64_t distance = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (!labels[i]) return std::nullopt;
    const int64_t days = std::abs(labels[i]->days_since_epoch() - image->days_since_epoch());
    if (nearest && days >= distance) continue;
    nearest = static_cast<int64_t>(i);
    distance = days;
  }
  return nearest;
}

/// The images of time `time` of `times`, by number.
std::vector<int64_t> images_of_time(const LabelledSample& sample, const DatedImages& images, int64_t time,
                                    int64_t times) {
  const auto count = static_cast<int64_t>(images.dates.size());
  if (count == times) return {time};
  if (static_cast<int64_t>(sample.label_dates.size()) != times) {
    throw DataError(fmt::format("{}: {} images, but {} times are compared and its labels have no dates",
                                sample.entry.name, count, times));
  }
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < count; ++i) {
    const auto nearest = nearest_label(images.dates[static_cast<size_t>(i)], sample.label_dates);
    if (!nearest) {
      throw DataError(fmt::format("{}: {} images for {} labels, and not all of them are dated: they cannot be matched",
                                  sample.entry.name, count, times));
    }
    if (*nearest == time) numbers.push_back(i);
  }
  return numbers;
}

PreparedSeries prepare_series(const DatedImages& images, const std::vector<int64_t>& numbers,
                              const SensorContract& contract) {
  const auto rows = at::tensor(numbers, at::kLong);
  const ImageSeries& series = images.series;
  const bool all = numbers.size() == images.dates.size();
  const auto valid = all ? series.valid : series.valid.index_select(0, rows);
  return {normalise(all ? series.values : series.values.index_select(0, rows), valid, contract), valid,
          series.day_of_year.index_select(0, rows)};
}

/// The labels that the network's outputs are compared with.
std::vector<torch::Tensor> labels_of(const LabelledSample& sample, const TaskSetup& setup, int64_t moment) {
  const auto& label = sample.label;
  if (!label.defined()) return {};
  if (setup.label == LabelKind::kTwoMasks) return {label[0], label[1]};
  if (setup.label != LabelKind::kMaskSeries) return {label};
  if (setup.task.kind == TaskKind::kSemanticChange) return {label[moment], label[moment + 1]};
  return {label[moment]};
}

/// Objects as a detector takes them. Those that magnification has left hardly anything of teach nothing.
ObjectTargets learnable(const ObjectLabels& objects, bool oriented) {
  constexpr double kLeastSide = 1e-2;  // pixels, torchvision's for proposals
  ObjectLabels kept;
  for (size_t i = 0; i < objects.boxes.size(); ++i) {
    const OrientedBox& box = objects.boxes[i];
    if (std::min(box.width, box.height) >= kLeastSide) kept.add(box, objects.classes[i], objects.ignored[i] != 0);
  }
  return targets_of(kept, oriented ? DetectorKind::kOrientedRcnn : DetectorKind::kFasterRcnn);
}

void set_size(PreparedSample& prepared, const LabelledSample& sample, const TaskSetup& setup) {
  const bool scene = setup.task.kind == TaskKind::kScene || setup.task.kind == TaskKind::kSceneLabels;
  if (!scene && sample.label.defined()) {
    prepared.height = sample.label.size(-2);
    prepared.width = sample.label.size(-1);
    return;
  }
  for (const Modality modality : setup.task.modalities) {
    if (!sample.images[modality]) continue;
    const double ratio = setup.task.pixels_per_output[modality];
    const auto& values = sample.images[modality]->series.values;
    prepared.height = std::llround(static_cast<double>(values.size(-2)) / ratio);
    prepared.width = std::llround(static_cast<double>(values.size(-1)) / ratio);
    return;
  }
}

void set_location(PreparedSample& prepared, const LabelledSample& sample) {
  for (const auto& images : sample.images) {
    if (!images || !images->georeference.known()) continue;
    const auto& values = images->series.values;
    if (const auto middle = centre_lonlat_deg(images->georeference, values.size(-1), values.size(-2))) {
      prepared.longitude_deg = middle->x;
      prepared.latitude_deg = middle->y;
      return;
    }
  }
}

}  // namespace

int64_t moments_of(const LabelledSample& sample, const TaskSetup& setup) {
  if (setup.label != LabelKind::kMaskSeries) return 1;
  const auto masks = static_cast<int64_t>(sample.label_dates.size());
  return setup.task.kind == TaskKind::kSemanticChange ? std::max<int64_t>(0, masks - 1) : masks;
}

std::vector<int64_t> choose_dates(int64_t available, int64_t limit, RandomStream* stream) {
  std::vector<int64_t> chosen;
  if (available <= limit) {
    chosen.resize(static_cast<size_t>(available));
    std::iota(chosen.begin(), chosen.end(), 0);
    return chosen;
  }
  for (int64_t run = 0; run < limit; ++run) {
    const int64_t first = run * available / limit, length = (run + 1) * available / limit - first;
    chosen.push_back(first + (stream != nullptr ? stream->below(length) : length / 2));
  }
  return chosen;
}

PreparedSample prepare_sample(const LabelledSample& sample, const TaskSetup& setup, int64_t moment,
                              RandomStream* stream) {
  PreparedSample prepared;
  prepared.labels = labels_of(sample, setup, moment);
  if (sample.objects) prepared.objects = learnable(*sample.objects, setup.task.oriented);
  set_size(prepared, sample, setup);
  set_location(prepared, sample);
  const bool series = setup.label == LabelKind::kMaskSeries;
  // Change compares two times; of a series of masks the moment tells which of all its times.
  const int64_t wanted = is_pair(setup.task.kind) ? 2 : 1;
  const int64_t times = series ? static_cast<int64_t>(sample.label_dates.size()) : wanted;
  for (int64_t time = moment; time < moment + wanted; ++time) {
    PerModality<std::optional<PreparedSeries>> input;
    bool any = false;
    for (const Modality modality : setup.task.modalities) {
      const auto& images = sample.images[modality];
      if (!images || images->dates.empty()) continue;
      std::vector<int64_t> numbers(images->dates.size());
      std::iota(numbers.begin(), numbers.end(), 0);
      if (times > 1) numbers = images_of_time(sample, *images, time, times);
      if (numbers.empty()) continue;
      std::vector<int64_t> chosen;
      for (const int64_t i : choose_dates(static_cast<int64_t>(numbers.size()), setup.task.dates[modality], stream)) {
        chosen.push_back(numbers[static_cast<size_t>(i)]);
      }
      input[modality] = prepare_series(*images, chosen, *setup.contracts[modality]);
      any = true;
    }
    if (!any) throw DataError(fmt::format("{}: no image of a time that its labels name", sample.entry.name));
    prepared.times.push_back(std::move(input));
  }
  return prepared;
}

}  // namespace skysense
