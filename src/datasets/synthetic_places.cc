#include "datasets/synthetic_places.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <optional>
#include <vector>

#include "core/config.h"
#include "core/error.h"
#include "core/options.h"
#include "data/object_moves.h"
#include "datasets/covers_present.h"
#include "synth/image_series.h"
#include "synth/scene.h"
#include "synth/synthetic_earth.h"
#include "synth/world_text.h"

namespace skysense {
namespace {

constexpr int64_t kMonthsOfSeries = 12;

/// What may follow the number of training places.
struct TaskWorld {
  int64_t val = -1, test = -1;
  int64_t seed = 1, size = 32, hr = SynthOptions{}.hr_per_cell;
  int64_t ms = SynthOptions{}.ms_dates, sar = SynthOptions{}.sar_dates;
  std::string scenes;

  void describe(OptionFields& fields) {
    fields("val", val, "places to validate with; -1: a quarter of those for training").at_least(-1);
    fields("test", test, "places to test with; -1: a quarter of those for training").at_least(-1);
    fields("seed", seed, "of the world").at_least(0);
    fields("size", size, "side of a place in cells of 10 m").at_least(1);
    fields("hr", hr, "HR pixels a cell side").between(1, 64);
    fields("ms", ms, "MS dates a year").between(1, 365);
    fields("sar", sar, "SAR dates a year").between(1, 365);
    fields("scenes", scenes, "classes that places take turns in, joined by +; none: all, of crops row_crops");
  }
};

bool is_of_two_flights(PlaceTask task) { return task == PlaceTask::kChange || task == PlaceTask::kSemanticChange; }

/// The world's days count from 2023-01-01.
Date date_of_day(float day) {
  return date_from_days(Date{2023, 1, 1}.days_since_epoch() + static_cast<int64_t>(std::floor(day)));
}

/// Invalid pixels are 0, as those of files are.
ImageSeries blanked(ImageSeries series) {
  series.values.masked_fill_(series.valid.logical_not().unsqueeze(1), 0);
  return series;
}

DatedImages dated(ImageSeries series) {
  DatedImages images{.series = blanked(std::move(series)), .dates = {}, .georeference = {}};
  const auto days = images.series.day_of_year;
  for (int64_t t = 0; t < days.size(0); ++t) {
    const int64_t day = days[t].item<int64_t>();
    images.dates.push_back(day == 0 ? std::optional<Date>() : date_of_day(static_cast<float>(day - 1)));
  }
  return images;
}

/// Without the images that show nothing at all, as an index is read; all of them where none shows anything.
ImageSeries seen(const ImageSeries& series) {
  const auto shows = series.valid.flatten(1).any(1).nonzero().squeeze(1);
  if (shows.size(0) == 0 || shows.size(0) == series.valid.size(0)) return series;
  return {series.values.index_select(0, shows), series.valid.index_select(0, shows),
          series.day_of_year.index_select(0, shows)};
}

class SyntheticPlaces : public PlaceSource {
 public:
  SyntheticPlaces(PlaceTask task, const std::string& data, const WorldText& text, bool upright_boxes)
      : task_(task), upright_boxes_(upright_boxes), description_(describe_place_task(task)) {
    TaskWorld settings;
    OptionFields fields = fields_of(settings);
    for (const std::string& assignment : text.assignments) apply_assignment(fields, assignment, data);
    const int64_t quarter = (text.places + 3) / 4;
    const std::array<int64_t, 3> counts = {text.places, settings.val < 0 ? quarter : settings.val,
                                           settings.test < 0 ? quarter : settings.test};
    world_ = {.seed = settings.seed,
              .cells = settings.size,
              .hr_per_cell = settings.hr,
              .ms_dates = settings.ms,
              .sar_dates = settings.sar,
              .hr_cover = task == PlaceTask::kHrLandCover,
              .details = task == PlaceTask::kObjects};
    if (!settings.scenes.empty()) {
      world_.scenes = parse_scene_classes(settings.scenes);
    } else if (task == PlaceTask::kCrops) {
      world_.scenes = {synth::SceneClass::kRowCrops};  // hardly another place has a field
    }
    for (size_t split = 0; split < counts.size(); ++split) {
      list_places(static_cast<synth::Split>(split), counts[split]);
    }
    description_.sensors = synthetic_contracts(world_);
    if (is_of_two_flights(task)) description_.sensors = only(Modality::kHr);
    if (task == PlaceTask::kMonths) description_.sensors = only(Modality::kMs);
    if (task == PlaceTask::kObjects) description_.oriented = !upright_boxes;
    description_.split_rule = "regions of the synthetic world, in blocks of one split each";
  }

  const DatasetDescription& description() const override { return description_; }
  int64_t size() const override { return static_cast<int64_t>(entries_.size()); }
  const SampleEntry& entry(int64_t number) const override { return entries_.at(static_cast<size_t>(number)); }
  std::vector<std::string> files(int64_t) const override { return {}; }

  PlaceSizes sizes(int64_t number) const override {
    (void)entry(number);
    const bool hr = task_ == PlaceTask::kClass || task_ == PlaceTask::kCovers || task_ == PlaceTask::kHrLandCover ||
                    task_ == PlaceTask::kObjects || is_of_two_flights(task_);
    const RasterSize fine{hr_side(), hr_side()}, coarse{world_.cells, world_.cells};
    PlaceSizes sizes{.extent = hr ? fine : coarse, .images = {}};
    for (const Modality modality : kModalities) {
      if (description_.sensors[modality]) sizes.images[modality] = modality == Modality::kHr ? fine : coarse;
    }
    return sizes;
  }

  LabelledSample read(int64_t number, const PerModality<bool>& modalities) const override {
    LabelledSample sample;
    sample.entry = entry(number);
    const Place& place = places_[static_cast<size_t>(number)];
    if (is_of_two_flights(task_)) {
      read_flights(place, sample);
    } else if (task_ == PlaceTask::kMonths) {
      read_months(place, sample);
    } else {
      read_year(place, modalities, sample);
    }
    return sample;
  }

 private:
  struct Place {
    synth::Split split;
    int64_t number;
  };
  static constexpr PerModality<bool> kAll = {{true, true, true}};

  /// The world's places in order.
  void list_places(synth::Split split, int64_t count) {
    const std::string name = synth::kSplitNames[static_cast<size_t>(split)].data();
    if (count == 0) return;
    earth_of({split, count - 1}, kAll);  // refuses what the world cannot give
    for (int64_t number = 0; number < count; ++number) {
      entries_.push_back({fmt::format("{}-{:06}", name, number), name, ""});
      places_.push_back({split, number});
    }
  }

  int64_t hr_side() const { return world_.cells * world_.hr_per_cell; }

  SensorContracts only(Modality modality) const {
    SensorContracts contracts;
    contracts[modality] = synthetic_contracts(world_)[modality];
    return contracts;
  }

  /// A world that just holds the place, seen by some sensors; by none, one SAR image is the cheapest.
  SyntheticEarth earth_of(const Place& place, const PerModality<bool>& modalities) const {
    SynthOptions options = world_;
    options.split = place.split;
    options.places = place.number + 1;
    options.hr = modalities[Modality::kHr];
    if (!modalities[Modality::kMs]) options.ms_dates = 0;
    if (!modalities[Modality::kSar]) options.sar_dates = options.hr || options.ms_dates > 0 ? 0 : 1;
    return SyntheticEarth(options);
  }

  void read_year(const Place& place, const PerModality<bool>& modalities, LabelledSample& sample) const {
    const SyntheticEarth earth = earth_of(place, modalities);
    if (task_ == PlaceTask::kClass && std::ranges::none_of(modalities, std::identity())) {
      sample.label = torch::tensor(static_cast<int64_t>(earth.scene_class(place.number)), torch::kInt64);
      return;  // without rendering anything
    }
    const synth::RenderedPlace rendered = earth.render(place.number);
    PlaceSample images = earth.sample_of(place.number, rendered);
    for (const Modality modality : kModalities) {
      if (images.images[modality] && modalities[modality])
        sample.images[modality] = dated(seen(*images.images[modality]));
    }
    switch (task_) {
      case PlaceTask::kClass:
        sample.label = torch::tensor(*images.scene_class, torch::kInt64);
        break;
      case PlaceTask::kCovers:
        sample.label = covers_present(images.label, static_cast<int64_t>(description_.classes.size()));
        break;
      case PlaceTask::kHrLandCover:
        sample.label = synth::label_of(rendered.hr_cover, hr_side());
        break;
      case PlaceTask::kObjects:
        sample.objects = objects_of(rendered);
        break;
      case PlaceTask::kCrops:
        sample.label = synth::label_of(rendered.crops, world_.cells);
        break;
      default:
        sample.label = images.label;
    }
  }

  ObjectLabels objects_of(const synth::RenderedPlace& rendered) const {
    ObjectLabels objects;
    for (const synth::VisibleObject& object : rendered.objects) {
      BoxCorners corners;
      std::ranges::transform(object.corners, corners.begin(), [](synth::PixelPoint p) { return ImagePoint{p.x, p.y}; });
      objects.add(smallest_box(corners), static_cast<int64_t>(object.kind) - 1, synth::is_difficult(object));
    }
    if (upright_boxes_) make_upright(objects);
    return objects;
  }

  void read_flights(const Place& place, LabelledSample& sample) const {
    const synth::PlaceChange change = earth_of(place, {{true, false, false}}).change(place.number);
    DatedImages images{
        .series = synth::hr_series({&change.hr[0], &change.hr[1]}, hr_side(), *description_.sensors[Modality::kHr]),
        .dates = {},
        .georeference = {}};
    for (size_t flight = 0; flight < 2; ++flight) {
      const Date date = date_of_day(change.day[flight]);
      images.dates.emplace_back(date);
      images.series.day_of_year[static_cast<int64_t>(flight)] = date.day_of_year();
    }
    if (task_ == PlaceTask::kChange) {
      sample.label = synth::label_of(change.changed, hr_side());
    } else {
      sample.label = torch::stack(
          {synth::label_of(change.hr_cover[0], hr_side()), synth::label_of(change.hr_cover[1], hr_side())});
      sample.label_dates = images.dates;
    }
    sample.images[Modality::kHr] = std::move(images);
  }

  void read_months(const Place& place, LabelledSample& sample) const {
    const auto months = earth_of(place, {{false, true, false}}).months(place.number, kMonthsOfSeries);
    std::vector<const synth::MsImage*> images;
    std::vector<torch::Tensor> labels;
    for (const synth::MonthlyImage& month : months) {
      images.push_back(&month.ms);
      labels.push_back(synth::label_of(month.cover, world_.cells));
      sample.label_dates.emplace_back(date_of_day(month.day));
    }
    sample.images[Modality::kMs] =
        DatedImages{.series = blanked(synth::ms_series(images, world_.cells, *description_.sensors[Modality::kMs])),
                    .dates = sample.label_dates,
                    .georeference = {}};
    sample.label = torch::stack(labels);
  }

  const PlaceTask task_;
  const bool upright_boxes_;
  DatasetDescription description_;
  SynthOptions world_;
  std::vector<SampleEntry> entries_;
  std::vector<Place> places_;
};

}  // namespace

std::unique_ptr<PlaceSource> open_synthetic_places(PlaceTask task, const std::string& data, bool upright_boxes) {
  const auto text = parse_world_text(data);
  if (!text) return nullptr;
  return std::make_unique<SyntheticPlaces>(task, data, *text, upright_boxes);
}

}  // namespace skysense
