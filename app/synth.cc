#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/synth_dataset.h"
#include "app/verbs.h"
#include "core/error.h"
#include "core/log.h"
#include "viz/contact_sheet.h"
#include "viz/png.h"

namespace skysense::app {
namespace {

namespace fs = std::filesystem;

struct SynthArguments {
  fs::path output;
  SynthOptions world;
  std::string places = "256", scenes;
  int64_t val_places = 0, test_places = 0;
  int64_t jobs = 1;
  std::vector<std::string> labels;
  bool preview = false, overwrite = false;
};

/// Three bands as a colour picture; `scaled(band, pixel)` gives 0 to 255.
template <class Scaled>
Picture picture_of(int64_t side, const Scaled& scaled) {
  Picture picture(side, side);
  for (int64_t i = 0; i < side * side; ++i) {
    for (int64_t band = 0; band < 3; ++band) {
      picture.bytes[static_cast<size_t>(i * 3 + band)] = static_cast<uint8_t>(std::clamp(scaled(band, i), 0.0, 255.0));
    }
  }
  return picture;
}

/// HR, a clear MS date (near infrared, red, green) and a SAR date (VV, VH, VV) of the first places.
Picture preview_of(const SyntheticEarth& earth) {
  constexpr int64_t kPlaces = 24;
  std::vector<CaptionedPicture> pictures;
  for (int64_t number = 0; number < std::min(kPlaces, earth.size()); ++number) {
    const synth::RenderedPlace place = earth.render(number);
    const std::string name(synth::kSceneClassNames[static_cast<size_t>(place.site.kind)]);
    const int64_t cells = earth.options().cells, side = cells * earth.options().hr_per_cell;
    if (!place.hr.empty())
      pictures.push_back({picture_of(side,
                                     [&](int64_t band, int64_t i) {
                                       return static_cast<double>(
                                           place.hr[static_cast<size_t>(band * side * side + i)]);
                                     }),
                          name});
    if (!place.ms.empty()) {
      const auto clear_pixels = [](const synth::MsImage& image) { return std::ranges::count(image.clear, uint8_t{1}); };
      const auto& image = *std::ranges::max_element(place.ms, {}, clear_pixels);
      constexpr std::array<int64_t, 3> kFalseColour = {6, 2, 1};  // B08, B04, B03
      constexpr std::array<double, 3> kBrightest = {5000, 3000, 3000};
      pictures.push_back({picture_of(cells,
                                     [&](int64_t band, int64_t i) {
                                       const auto colour = static_cast<size_t>(band);
                                       return image.dn[static_cast<size_t>(kFalseColour[colour] * cells * cells + i)] *
                                              255.0 / kBrightest[colour];
                                     }),
                          fmt::format("MS, day {}", image.day_of_year)});
    }
    if (!place.sar.empty()) {
      const auto& image = place.sar[place.sar.size() / 2];
      pictures.push_back({picture_of(cells,
                                     [&](int64_t band, int64_t i) {
                                       const bool cross = band == 1;
                                       const double value =
                                           image.backscatter[static_cast<size_t>((cross ? cells * cells : 0) + i)];
                                       const double db = earth.options().sar_linear ? 10 * std::log10(value) : value;
                                       return (db + (cross ? 30 : 22)) * (255.0 / 25);
                                     }),
                          fmt::format("SAR, day {}", image.day_of_year)});
    }
  }
  return contact_sheet(pictures, {.columns = 6, .cell = 256});
}

void run_synth(SynthArguments arguments) {
  arguments.world.places = parse_place_count(arguments.places);
  if (!arguments.scenes.empty()) arguments.world.scenes = parse_scene_classes(arguments.scenes);
  const fs::path index = arguments.output / "index.jsonl";
  if (fs::exists(index) && !arguments.overwrite) {
    throw DataError(index.string() +
                    ": there is a dataset already; remove it, choose another folder or give --overwrite");
  }
  std::error_code ignored;
  fs::remove(index, ignored);  // until the new one is whole
  const SynthLabels labels = SynthLabels::named(arguments.labels);
  arguments.world.details = labels.boxes || labels.hr_cover || labels.vectors;
  const SyntheticEarth earth(arguments.world);
  write_synthetic_dataset(arguments.output, earth, labels, arguments.jobs);
  const auto write_split = [&](synth::Split split, int64_t places) {
    if (places == 0) return;
    SynthOptions world = arguments.world;
    world.split = split;
    world.places = places;
    write_synthetic_dataset(arguments.output / synth::kSplitNames[static_cast<size_t>(split)], SyntheticEarth(world),
                            labels, arguments.jobs);
  };
  write_split(synth::Split::kVal, arguments.val_places);
  write_split(synth::Split::kTest, arguments.test_places);
  nlohmann::json result = {{"output", arguments.output.string()}, {"places", arguments.world.places},
                           {"val_places", arguments.val_places},  {"test_places", arguments.test_places},
                           {"seed", arguments.world.seed},        {"classes", synth::kSceneClassNames}};
  if (arguments.preview) {
    const fs::path sheet = arguments.output / "preview.png";
    write_png(sheet, preview_of(earth));
    result["preview"] = sheet.string();
  }
  print_result(result);
}

}  // namespace

void add_synth(CLI::App& program) {
  auto* verb = program.add_subcommand(
      "synth", "Render places of a synthetic world as GeoTIFFs with an index: HR, MS and SAR series, labels");
  verb->footer("Example: skysense synth -o DATASET --places 256 --test-places 100 --preview");
  auto arguments = std::make_shared<SynthArguments>();
  arguments->jobs = std::max(1u, std::thread::hardware_concurrency());
  verb->add_option("-o,--output", arguments->output, "folder for index.jsonl, contract.json and places/")->required();
  verb->add_option("--places", arguments->places,
                   "places to render: a number, or tiny (64), small (1,024), medium (16,384), large (262,144)")
      ->capture_default_str();
  verb->add_option("--seed", arguments->world.seed, "seed of the world")->capture_default_str();
  verb->add_option("--val-places", arguments->val_places, "places for validation, written to OUTPUT/val")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--test-places", arguments->test_places,
                   "places for testing, written to OUTPUT/test; those of different splits never touch")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--scenes", arguments->scenes, "scene classes that places take turns in, joined by + (all)");
  verb->add_option("--size", arguments->world.cells, "side of a place in MS pixels of 10 m")->capture_default_str();
  verb->add_option("--hr-per-cell", arguments->world.hr_per_cell, "HR pixels an MS pixel's side; 8 is 1.25 m")
      ->capture_default_str();
  verb->add_flag("!--no-hr", arguments->world.hr, "render no HR image");
  verb->add_option("--ms-dates", arguments->world.ms_dates, "MS images a place")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--sar-dates", arguments->world.sar_dates, "SAR images a place")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--missing-dates", arguments->world.missing_dates,
                   "chance of each date but a place's first to be missing")
      ->check(CLI::Range(0.0, 0.99))
      ->capture_default_str();
  verb->add_flag("!--no-snow", arguments->world.snow, "winters without snow");
  verb->add_option("--misregistration", arguments->world.misregistration,
                   "10 m pixels by which each MS and SAR image lies off the ground at most")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  verb->add_flag("--ms-offset", arguments->world.ms_offset,
                 "add 1000 to MS digital numbers, as processing baseline 04.00 does");
  verb->add_flag("--sar-linear", arguments->world.sar_linear, "SAR backscatter as power instead of dB");
  verb->add_option("--labels", arguments->labels,
                   "further labels, of: hr_cover (land cover in HR), crops (types at 10 m), boxes (objects in HR, for "
                   "COCO, VOC and DOTA), "
                   "vectors (map.osm and map.gpkg: OpenStreetMap data for index --osm and rasterize), changes "
                   "(two HR images of 2023 and 2025), months (twelve MS images with the land cover of each)")
      ->delimiter(',');
  verb->add_option("--jobs", arguments->jobs, "threads")->check(CLI::PositiveNumber)->capture_default_str();
  verb->add_flag("--preview", arguments->preview, "also write a contact sheet, OUTPUT/preview.png");
  verb->add_flag("--overwrite", arguments->overwrite, "replace a dataset that is there");
  verb->callback([arguments] { run_synth(*arguments); });
}

}  // namespace skysense::app
