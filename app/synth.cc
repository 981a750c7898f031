#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/verbs.h"
#include "core/class_names.h"
#include "core/date.h"
#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "core/ordered_queue.h"
#include "core/place_index.h"
#include "core/progress.h"
#include "raster/raster_writer.h"
#include "synth/synthetic_earth.h"
#include "viz/contact_sheet.h"
#include "viz/png.h"

namespace skysense::app {
namespace {

namespace fs = std::filesystem;

struct SynthArguments {
  fs::path output;
  SynthOptions world;
  int64_t test_places = 0;
  int64_t jobs = 1;
  bool preview = false, overwrite = false;
};

/// The files of one dataset folder and the lines of its index.
class PlaceWriter {
 public:
  PlaceWriter(const fs::path& folder, const SyntheticEarth& earth) : folder_(folder), earth_(earth) {}

  PlaceRecord write(int64_t number) const {
    const synth::RenderedPlace place = earth_.render(number);
    const std::string id = earth_.id_of(number);
    fs::create_directories(folder_ / "places" / id);
    const auto name = [&](const std::string& file) { return "places/" + id + "/" + file; };

    PlaceRecord record{.id = id,
                       .images = {},
                       .label = name("label.tif"),
                       .longitude_deg = {},
                       .latitude_deg = {},
                       .scene_class = static_cast<int64_t>(place.site.kind)};
    if (!place.hr.empty()) {
      save(name("hr.tif"), layout(place.site, Modality::kHr, PixelType::kUInt8), place.hr);
      record.images[Modality::kHr] = {{.paths = {name("hr.tif")}, .date = {}, .validity = ""}};
    }
    for (const synth::MsImage& image : place.ms) {
      const Date date = date_of(image.day_of_year);
      const std::string file = name("ms_" + date.text() + ".tif"), clear = name("clear_" + date.text() + ".tif");
      save(file, layout(place.site, Modality::kMs, PixelType::kUInt16), image.dn);
      const bool cloudy = std::ranges::find(image.clear, uint8_t{0}) != image.clear.end();
      if (cloudy) save(clear, mask_layout(place.site), image.clear);
      record.images[Modality::kMs].push_back({.paths = {file}, .date = date, .validity = cloudy ? clear : ""});
    }
    for (const synth::SarImage& image : place.sar) {
      const Date date = date_of(image.day_of_year);
      const std::string file = name("sar_" + date.text() + ".tif");
      save(file, layout(place.site, Modality::kSar, PixelType::kFloat32), image.decibels);
      record.images[Modality::kSar].push_back({.paths = {file}, .date = date, .validity = ""});
    }
    RasterLayout label = mask_layout(place.site);
    for (const std::string_view cover : synth::kLandCoverNames) label.class_names.emplace_back(cover);
    save(record.label, label, place.label);

    const double half = static_cast<double>(place.site.side_m) / 2;
    const synth::LonLat centre = synth::lonlat_of(place.site.zone, static_cast<double>(place.site.east_m) + half,
                                                  static_cast<double>(place.site.northing_m()) - half);
    record.longitude_deg = centre.longitude_deg;
    record.latitude_deg = centre.latitude_deg;
    return record;
  }

 private:
  static Date date_of(int day_of_year) { return date_from_days(Date{2023, 1, 1}.days_since_epoch() + day_of_year - 1); }

  RasterLayout grid(const synth::Site& site, double gsd_m) const {
    RasterLayout layout;
    layout.format = "GTiff";
    layout.width = layout.height = static_cast<int64_t>(static_cast<double>(site.side_m) / gsd_m + 0.5);
    layout.georeference.wkt =
        wkt_from_text(fmt::format("EPSG:32{}{:02}", site.zone.southern ? 7 : 6, site.zone.number));
    layout.georeference.transform = {static_cast<double>(site.east_m),       gsd_m, 0,
                                     static_cast<double>(site.northing_m()), 0,     -gsd_m};
    layout.creation_options = {"COMPRESS=DEFLATE"};
    layout.tags["SYNTHETIC_EARTH_SEED"] = std::to_string(earth_.options().seed);
    return layout;
  }

  RasterLayout layout(const synth::Site& site, Modality modality, PixelType type) const {
    const SensorContract& contract = earth_.contracts()[modality].value();
    RasterLayout layout = grid(site, contract.gsd_m);
    layout.bands = contract.channels();
    layout.type = type;
    layout.nodata = contract.nodata;
    for (const Band& band : contract.bands) layout.band_names.push_back(band.name);
    return layout;
  }

  RasterLayout mask_layout(const synth::Site& site) const {
    RasterLayout layout = grid(site, 10);
    layout.type = PixelType::kUInt8;
    layout.average_overviews = false;
    return layout;
  }

  template <class T>
  void save(const std::string& file, const RasterLayout& layout, const std::vector<T>& values) const {
    const std::vector<float> stored(values.begin(), values.end());
    write_raster(folder_ / file, layout, stored.data());
  }

  const fs::path folder_;
  const SyntheticEarth& earth_;
};

/// Writes all places on `jobs` threads; the index comes last, so that a dataset with an index is whole.
void write_dataset(const fs::path& folder, const SyntheticEarth& earth, int64_t jobs) {
  fs::create_directories(folder);
  const PlaceWriter writer(folder, earth);
  OrderedQueue<PlaceRecord> queue(0, 4 * jobs);
  std::vector<std::jthread> workers;
  struct Closer {
    OrderedQueue<PlaceRecord>& queue;
    ~Closer() { queue.close(); }
  };
  for (int64_t job = 0; job < jobs; ++job) {
    workers.emplace_back([&] {
      while (const auto number = queue.claim()) {
        try {
          if (*number >= earth.size()) return;
          queue.deliver(*number, writer.write(*number));
        } catch (...) {
          queue.fail(*number, std::current_exception());
        }
      }
    });
  }
  const Closer closer{queue};  // before the threads are joined, whatever is thrown
  std::vector<PlaceRecord> records;
  Progress progress("synth", earth.size(), "places");
  for (int64_t number = 0; number < earth.size(); ++number) {
    records.push_back(queue.next());
    progress.update(number + 1);
  }
  write_file_atomically(folder / "contract.json", contracts_to_json(earth.contracts()).dump(2) + "\n");
  write_class_names(folder, {synth::kSceneClassNames.begin(), synth::kSceneClassNames.end()});
  write_place_index(folder / "index.jsonl", records);
}

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
                                       const double db =
                                           image.decibels[static_cast<size_t>((cross ? cells * cells : 0) + i)];
                                       return (db + (cross ? 30 : 22)) * (255.0 / 25);
                                     }),
                          fmt::format("SAR, day {}", image.day_of_year)});
    }
  }
  return contact_sheet(pictures, {.columns = 6, .cell = 256});
}

void run_synth(SynthArguments arguments) {
  const fs::path index = arguments.output / "index.jsonl";
  if (fs::exists(index) && !arguments.overwrite) {
    throw DataError(index.string() +
                    ": there is a dataset already; remove it, choose another folder or give --overwrite");
  }
  std::error_code ignored;
  fs::remove(index, ignored);  // until the new one is whole
  const SyntheticEarth earth(arguments.world);
  write_dataset(arguments.output, earth, arguments.jobs);
  if (arguments.test_places > 0) {
    SynthOptions held_out = arguments.world;
    held_out.held_out = true;
    held_out.places = arguments.test_places;
    write_dataset(arguments.output / "test", SyntheticEarth(held_out), arguments.jobs);
  }
  nlohmann::json result = {{"output", arguments.output.string()},
                           {"places", arguments.world.places},
                           {"test_places", arguments.test_places},
                           {"seed", arguments.world.seed},
                           {"classes", synth::kSceneClassNames}};
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
  verb->add_option("--places", arguments->world.places, "places to render")->capture_default_str();
  verb->add_option("--seed", arguments->world.seed, "seed of the world")->capture_default_str();
  verb->add_option("--test-places", arguments->test_places,
                   "held-out places, written to OUTPUT/test; their regions touch no other")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
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
  verb->add_option("--jobs", arguments->jobs, "threads")->check(CLI::PositiveNumber)->capture_default_str();
  verb->add_flag("--preview", arguments->preview, "also write a contact sheet, OUTPUT/preview.png");
  verb->add_flag("--overwrite", arguments->overwrite, "replace a dataset that is there");
  verb->callback([arguments] { run_synth(*arguments); });
}

}  // namespace skysense::app
