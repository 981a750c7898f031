#include "data/views.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/random.h"
#include "data/augment.h"
#include "data/crop.h"
#include "data/date_sampling.h"
#include "data/dihedral.h"
#include "data/label_cells.h"
#include "data/normalise.h"
#include "data/view_boxes.h"

namespace skysense {
namespace {

bool has_images(const std::optional<ImageSeries>& series) { return series && series->values.size(0) > 0; }

/// Width and height of the place in ground cells (data/ground_box.h).
std::pair<double, double> ground_size(const PerModality<std::optional<RasterSize>>& sizes, const ViewOptions& options,
                                      const std::string& place) {
  for (const Modality modality : {Modality::kMs, Modality::kSar, Modality::kHr}) {
    const auto& size = sizes[modality];
    if (!size) continue;
    const double pixels_per_cell = modality == Modality::kHr ? static_cast<double>(options.hr_per_cell) : 1.0;
    return {static_cast<double>(size->width) / pixels_per_cell, static_cast<double>(size->height) / pixels_per_cell};
  }
  throw DataError(fmt::format("place {}: it has no image", place));
}

PerModality<std::optional<RasterSize>> sizes_of(const PlaceSample& place) {
  PerModality<std::optional<RasterSize>> sizes;
  for (const Modality modality : kModalities) {
    if (has_images(place.images[modality])) sizes[modality] = place.images[modality]->whole_size();
  }
  return sizes;
}

std::vector<GroundBox> boxes_of(const std::pair<double, double>& ground, const ViewOptions& options, uint64_t seed,
                                uint64_t epoch, uint64_t sample) {
  RandomStream stream(seed, epoch, sample, "view boxes");
  return draw_boxes(ground.first, ground.second, options, stream);
}

int64_t window_of(Modality modality, const ViewOptions& options, int64_t available) {
  return modality == Modality::kHr ? available : modality == Modality::kMs ? options.ms_window : options.sar_window;
}

/// Some of the place's dates.
PerModality<std::optional<ImageSeries>> draw_series(const PlaceSample& place, const ViewOptions& options,
                                                    RandomStream& stream) {
  PerModality<std::optional<ImageSeries>> drawn;
  for (const Modality modality : kModalities) {
    const auto& series = place.images[modality];
    if (!has_images(series)) continue;
    const int64_t available = series->values.size(0);
    const auto dates = draw_dates(available, window_of(modality, options, available), options.dates(modality), stream);
    if (static_cast<int64_t>(dates.size()) == available) {
      drawn[modality] = *series;
      continue;
    }
    const auto chosen = torch::tensor(dates, torch::kInt64);
    drawn[modality] = ImageSeries{series->values.index_select(0, chosen), series->valid.index_select(0, chosen),
                                  series->day_of_year.index_select(0, chosen), series->part};
  }
  return drawn;
}

torch::Tensor jittered_days(const torch::Tensor& days, int64_t jitter, RandomStream& stream) {
  auto moved = days.clone();
  int64_t* day = moved.mutable_data_ptr<int64_t>();
  for (int64_t i = 0; i < moved.numel(); ++i) day[i] = jitter_day(day[i], jitter, stream);
  return moved;
}

PixelBox in_pixels(const GroundBox& box, const RasterSize& size, const std::pair<double, double>& ground) {
  const double x_scale = static_cast<double>(size.width) / ground.first;
  const double y_scale = static_cast<double>(size.height) / ground.second;
  return {box.x * x_scale, box.y * y_scale, box.width * x_scale, box.height * y_scale};
}

}  // namespace

std::vector<View> make_views(const PlaceSample& place, const SensorContracts& contracts, const ViewOptions& options,
                             const AugmentOptions& augment, uint64_t seed, uint64_t epoch, uint64_t sample) {
  const auto ground = ground_size(sizes_of(place), options, place.id);
  const auto boxes = boxes_of(ground, options, seed, epoch, sample);
  RandomStream date_stream(seed, epoch, sample, "dates");
  auto series = draw_series(place, options, date_stream);

  std::vector<View> views;
  for (int64_t number = 0; number < options.views(); ++number) {
    RandomStream stream(seed, epoch, sample, fmt::format("view {}", number));
    if (options.own_dates) {
      RandomStream own_stream(seed, epoch, sample, fmt::format("dates {}", number));
      series = draw_series(place, options, own_stream);
    }
    View view{.images = {},
              .box = boxes[static_cast<size_t>(number)],
              .transform = draw_dihedral(augment, stream),
              .longitude_deg = place.longitude_deg,
              .latitude_deg = place.latitude_deg};
    for (const Modality modality : kModalities) {
      if (!series[modality]) continue;
      const auto& contract = contracts[modality];
      if (!contract)
        throw DataError(
            fmt::format("place {}: the dataset's contract has no {} sensor", place.id, modality_name(modality)));
      ImageSeries image = crop_series(*series[modality], in_pixels(view.box, series[modality]->whole_size(), ground),
                                      options.pixels(number, modality));
      (modality == Modality::kHr ? augment_colours : augment_gain)(image, *contract, augment, stream);
      image.valid = apply_dihedral(image.valid, view.transform);
      image.values = normalise(apply_dihedral(image.values, view.transform), image.valid, *contract);
      image.day_of_year = jittered_days(image.day_of_year, augment.day_jitter, stream);
      view.images[modality] = std::move(image);
    }
    if (options.label_cells > 0 && options.is_global(number) && place.label.defined()) {
      view.label_cells = label_cells(place.label, ground, view.box, view.transform, options.label_cells);
    }
    views.push_back(std::move(view));
  }
  return views;
}

PerModality<std::optional<RasterPart>> parts_of_views(const PerModality<std::optional<RasterSize>>& sizes,
                                                      const ViewOptions& options, uint64_t seed, uint64_t epoch,
                                                      uint64_t sample) {
  const auto ground = ground_size(sizes, options, std::to_string(sample));
  const auto boxes = boxes_of(ground, options, seed, epoch, sample);
  PerModality<std::optional<RasterPart>> parts;
  for (const Modality modality : kModalities) {
    if (!sizes[modality]) continue;
    const RasterSize size = *sizes[modality];
    int64_t left = size.width, top = size.height, right = 0, bottom = 0;
    for (int64_t view = 0; view < options.views(); ++view) {
      const PixelBox box = in_pixels(boxes[static_cast<size_t>(view)], size, ground);
      const RasterPart part = pixels_of_crop(box, size, options.pixels(view, modality));
      left = std::min(left, part.x);
      top = std::min(top, part.y);
      right = std::max(right, part.x + part.width);
      bottom = std::max(bottom, part.y + part.height);
    }
    parts[modality] = RasterPart{left, top, right - left, bottom - top};
  }
  return parts;
}

}  // namespace skysense
