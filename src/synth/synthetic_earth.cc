#include "synth/synthetic_earth.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "synth/image_series.h"

namespace skysense {

SensorContracts synthetic_contracts(const SynthOptions& options) {
  // Means and standard deviations over the clear pixels of 480 training places.
  const auto with_statistics = [](SensorContract contract, std::initializer_list<std::pair<double, double>> bands) {
    auto band = contract.bands.begin();
    for (const auto& [mean, std] : bands) {
      band->mean = mean;
      band->std = std;
      ++band;
    }
    return contract;
  };
  SensorContracts contracts;
  contracts[Modality::kHr] =
      with_statistics(builtin_contract("aerial-rgb"), {{.498, .253}, {.479, .236}, {.443, .241}});
  contracts[Modality::kHr]->gsd_m = 10.0 / static_cast<double>(options.hr_per_cell);
  contracts[Modality::kMs] =
      with_statistics(builtin_contract(options.ms_offset ? "sentinel2-l2a-0400" : "sentinel2-l2a"), {{.131, .209},
                                                                                                     {.145, .212},
                                                                                                     {.158, .221},
                                                                                                     {.171, .219},
                                                                                                     {.198, .226},
                                                                                                     {.214, .237},
                                                                                                     {.224, .240},
                                                                                                     {.233, .248},
                                                                                                     {.181, .189},
                                                                                                     {.147, .168}});
  contracts[Modality::kSar] =
      options.sar_linear ? with_statistics(builtin_contract("sentinel1-grd-linear"), {{.111, .187}, {.022, .032}})
                         : with_statistics(builtin_contract("sentinel1-grd-db"), {{-12.1, 4.7}, {-19.0, 4.4}});
  if (!options.hr) contracts[Modality::kHr].reset();
  if (options.ms_dates == 0) contracts[Modality::kMs].reset();
  if (options.sar_dates == 0) contracts[Modality::kSar].reset();
  return contracts;
}

int64_t parse_place_count(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, int64_t>, 5> kSizes = {
      {{"tiny", 64}, {"small", 1024}, {"medium", 16384}, {"large", 262144}, {"huge", 4194304}}};
  for (const auto& [name, places] : kSizes) {
    if (text == name) return places;
  }
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count < 1) {
    throw UsageError(fmt::format("'{}' is no number of places; give one, or tiny, small, medium, large or huge", text));
  }
  return count;
}

std::vector<synth::SceneClass> parse_scene_classes(std::string_view text) {
  std::vector<synth::SceneClass> classes;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('+', begin), text.size());
    const std::string_view name = text.substr(begin, end - begin);
    const auto found = std::ranges::find(synth::kSceneClassNames, name);
    if (found == synth::kSceneClassNames.end()) {
      throw UsageError(fmt::format("'{}' is no scene class of the synthetic world; give some of {}, joined by +", name,
                                   fmt::join(synth::kSceneClassNames, ", ")));
    }
    const auto kind = static_cast<synth::SceneClass>(found - synth::kSceneClassNames.begin());
    if (std::ranges::find(classes, kind) != classes.end())
      throw UsageError(fmt::format("scene class {} is named twice", name));
    classes.push_back(kind);
    begin = end + 1;
  }
  return classes;
}

SyntheticEarth::SyntheticEarth(const SynthOptions& options)
    : options_(options), contracts_(synthetic_contracts(options)) {
  const int64_t sites = synth::site_count(options.split, static_cast<int64_t>(scenes().size()));
  if (options.places < 1 || options.places > sites) {
    throw UsageError(fmt::format("the synthetic world has 1 to {} places of {} for {}, not {}", sites,
                                 options.scenes.empty() ? "all classes" : "these classes", split_name(),
                                 options.places));
  }
  if (options.cells < 1 || options.cells > synth::kRegionMetres / 10) {
    throw UsageError(
        fmt::format("a synthetic place has 1 to {} cells a side, not {}", synth::kRegionMetres / 10, options.cells));
  }
  if (!options.hr && options.ms_dates == 0 && options.sar_dates == 0) {
    throw UsageError("a synthetic place has an image of at least one sensor");
  }
  if (std::max(options.ms_dates, options.sar_dates) > 365)
    throw UsageError("a synthetic year has at most 365 dates of a sensor");
  if (options.missing_dates < 0 || options.missing_dates >= 1) {
    throw UsageError(fmt::format("the share of missing dates is from 0 to below 1, not {}", options.missing_dates));
  }
  if (options.misregistration < 0 || options.misregistration > 1) {
    throw UsageError(fmt::format("misregistration is 0 to 1 pixels of 10 m, not {}", options.misregistration));
  }
  if (options.hr_per_cell < 1 || options.hr_per_cell > 64) {
    throw UsageError(fmt::format("a synthetic cell has 1 to 64 HR pixels a side, not {}", options.hr_per_cell));
  }
}

std::span<const synth::SceneClass> SyntheticEarth::scenes() const {
  if (options_.scenes.empty()) return synth::kAllSceneClasses;
  return options_.scenes;
}

synth::Site SyntheticEarth::site(int64_t number) const {
  return synth::site_of(static_cast<uint64_t>(options_.seed), number, options_.split, options_.cells * 10, scenes());
}

synth::RenderOptions SyntheticEarth::render_options() const {
  return {.seed = static_cast<uint64_t>(options_.seed),
          .hr = options_.hr,
          .hr_per_cell = options_.hr_per_cell,
          .ms_dates = options_.ms_dates,
          .sar_dates = options_.sar_dates,
          .missing_dates = static_cast<float>(options_.missing_dates),
          .snow = options_.snow,
          .misregistration = static_cast<float>(options_.misregistration),
          .ms_offset = options_.ms_offset,
          .sar_linear = options_.sar_linear,
          .hr_cover = options_.hr_cover,
          .details = options_.details};
}

synth::RenderedPlace SyntheticEarth::render(int64_t number) const {
  return synth::render_place(site(number), render_options());
}
synth::PlaceChange SyntheticEarth::change(int64_t number) const {
  return synth::render_change(site(number), render_options());
}
std::vector<synth::MonthlyImage> SyntheticEarth::months(int64_t number, int64_t count) const {
  return synth::render_months(site(number), render_options(), count);
}

std::vector<std::string> SyntheticEarth::label_names() const {
  return {synth::kLandCoverNames.begin(), synth::kLandCoverNames.end()};
}

std::string SyntheticEarth::id_of(int64_t number) const { return fmt::format("{}-{:06}", split_name(), number); }

PlaceSample SyntheticEarth::get(int64_t number) const {
  TORCH_CHECK_VALUE(number >= 0 && number < size(), "place ", number, " of ", size());
  return sample_of(number, render(number));
}

PlaceSample SyntheticEarth::sample_of(int64_t number, const synth::RenderedPlace& place) const {
  PlaceSample sample;
  sample.id = id_of(number);
  if (options_.hr) {
    sample.images[Modality::kHr] =
        synth::hr_series({&place.hr}, options_.cells * options_.hr_per_cell, *contracts_[Modality::kHr]);
  }
  if (options_.ms_dates > 0) {
    sample.images[Modality::kMs] =
        synth::ms_series(synth::pointers_to(place.ms), options_.cells, *contracts_[Modality::kMs]);
  }
  if (options_.sar_dates > 0)
    sample.images[Modality::kSar] = synth::sar_series(synth::pointers_to(place.sar), options_.cells);
  sample.label = synth::label_of(place.cover, options_.cells);
  const double middle = static_cast<double>(options_.cells) * 5;
  const synth::LonLat centre = synth::lonlat_of(place.site.zone, static_cast<double>(place.site.east_m) + middle,
                                                static_cast<double>(place.site.northing_m()) - middle);
  sample.longitude_deg = centre.longitude_deg;
  sample.latitude_deg = centre.latitude_deg;
  sample.scene_class = static_cast<int64_t>(place.site.kind);
  return sample;
}

}  // namespace skysense
