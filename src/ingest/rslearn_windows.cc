#include "ingest/rslearn_windows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/rslearn_dataset.h"
#include "ingest/band_names.h"
#include "ingest/image_sensor.h"
#include "ingest/sensor_recognition.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

const Date kFirstOffset{2022, 1, 25};  // acquisitions from then on are of baseline 04.00 or later

/// A window folder and what its JSON files say.
struct Window {
  fs::path folder;
  std::optional<Date> middle;
  std::map<std::string, std::vector<std::optional<Date>>> dates;
};

Window read_window(const fs::path& folder) {
  Window window{folder, std::nullopt, {}};
  const fs::path metadata = folder / "metadata.json", items = folder / "items.json";
  if (const auto range = parse_rslearn_window(read_text_file(metadata), metadata.string()))
    window.middle = date_from_days((range->first.days_since_epoch() + range->second.days_since_epoch()) / 2);
  if (fs::exists(items)) window.dates = parse_rslearn_items(read_text_file(items), items.string());
  return window;
}

/// The raster of a band set: in the folder that joins its bands' names (rslearn hashes long names and those with an
/// underscore: a layer of one band set has one folder whatever its name). Nothing where there is none.
std::optional<fs::path> raster_of(const fs::path& layer, const std::vector<std::string>& bands, bool only_set) {
  const auto tiff = [](const fs::path& folder) -> std::optional<fs::path> {
    for (const char* name : {"geotiff.tif", "image.png"}) {
      if (fs::exists(folder / name)) return folder / name;
    }
    return std::nullopt;
  };
  if (const auto found = tiff(layer / fmt::format("{}", fmt::join(bands, "_")))) return found;
  if (!only_set) return std::nullopt;
  for (const auto& entry : fs::directory_iterator(layer)) {
    if (const auto found = entry.is_directory() ? tiff(entry.path()) : std::nullopt) return found;
  }
  return std::nullopt;
}

/// "sentinel2.3" -> 3.
size_t group_of(const std::string& name) {
  const size_t dot = name.find('.');
  size_t group = 0;
  if (dot != std::string::npos) std::from_chars(name.data() + dot + 1, name.data() + name.size(), group);
  return group;
}

Recognition recognise_layer(const std::string& name, const RslearnLayer& layer) {
  RasterFacts facts;
  facts.path = fs::path(layer.source + " " + name);
  for (const auto& set : layer.band_sets) facts.band_names.insert(facts.band_names.end(), set.begin(), set.end());
  facts.bands = static_cast<int64_t>(facts.band_names.size());
  facts.type = facts.bands == 3 || facts.bands == 4 ? "Byte" : "UInt16";
  return recognise(facts, {});
}

/// Fills in the files of the contract's bands. Throws DataError where one is missing.
void find_files(const fs::path& folder, const RslearnLayer& layer, ImageCandidate& image) {
  const SensorContract contract = builtin_contract(image.sensor);
  for (const Band& band : contract.bands) {
    for (const auto& set : layer.band_sets) {
      const auto at = std::find_if(set.begin(), set.end(), [&](const std::string& name) {
        return canonical_band(name) == canonical_band(band.name);
      });
      if (at == set.end()) continue;
      const auto raster = raster_of(folder, set, layer.band_sets.size() == 1);
      if (!raster) throw DataError(fmt::format("no raster of bands {}", fmt::join(set, ", ")));
      image.paths.push_back(raster->string());
      image.bands += fmt::format("{}{}={}", image.bands.empty() ? "" : ",", band.name, at - set.begin() + 1);
      break;
    }
  }
  if (static_cast<int64_t>(image.paths.size()) != contract.channels())
    throw DataError(fmt::format("its band sets lack a band of sensor {}", contract.name));
  if (std::set<std::string>(image.paths.begin(), image.paths.end()).size() == 1) image.paths.resize(1);
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> folders;
  if (!fs::is_directory(folder)) return folders;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

std::optional<Date> date_of(const Window& window, const std::string& layer, size_t group) {
  const auto found = window.dates.find(layer);
  if (found != window.dates.end() && group < found->second.size() && found->second[group]) return found->second[group];
  return window.middle;
}

/// The image or label of one layer folder.
ImageCandidate read_layer(const Window& window, const fs::path& folder, const std::string& name,
                          const RslearnLayer& layer) {
  if (!layer.raster) throw DataError("a vector layer");
  if (!fs::exists(folder.parent_path() / name / "completed")) throw DataError("not completed: run rslearn materialize");
  const Recognition recognition = recognise_layer(name, layer);
  ImageCandidate image;
  image.root = window.folder.parent_path();
  image.name = window.folder.filename().string();
  image.date = date_of(window, name, group_of(folder.filename().string()));
  if (recognition.kind == Recognition::Kind::kLabel) {
    const auto raster = raster_of(folder, layer.band_sets.front(), true);
    if (!raster) throw DataError("no raster is in it");
    image.kind = ImageCandidate::Kind::kLabel;
    image.paths = {raster->string()};
    return image;
  }
  if (recognition.kind != Recognition::Kind::kImage) throw DataError("no known sensor by its source, name and bands");
  image.sensor = recognition.sensor;
  find_files(folder, layer, image);
  const bool optical = image.sensor.starts_with("sentinel2");
  if (optical && !layer.harmonized && image.date && *image.date >= kFirstOffset) image.add = -1000;
  prefer_own_offset(image);
  return image;
}

}  // namespace

bool is_rslearn_dataset(const fs::path& config_file) {
  return config_file.filename() == "config.json" && fs::is_directory(config_file.parent_path() / "windows");
}

void read_rslearn_dataset(const fs::path& config_file, IndexReport& report,
                          const std::function<void(ImageCandidate)>& take) {
  const auto layers = parse_rslearn_config(read_text_file(config_file), config_file.string());
  if (!layers) throw DataError(fmt::format("{}: no rslearn dataset: it has no layers", config_file.string()));
  for (const fs::path& group : folders_in(config_file.parent_path() / "windows")) {
    for (const fs::path& folder : folders_in(group)) {
      try {
        const Window window = read_window(folder);
        for (const fs::path& part : folders_in(folder / "layers")) {
          const std::string name = part.filename().string(), layer_name = name.substr(0, name.find('.'));
          const auto layer = layers->find(layer_name);
          try {
            if (layer == layers->end()) throw DataError("config.json has no such layer");
            take(read_layer(window, part, layer_name, layer->second));
          } catch (const DataError& error) {
            report.skipped.push_back({part.string(), fmt::format("rslearn layer {}: {}", layer_name, error.what())});
          }
        }
      } catch (const DataError& error) {
        report.skipped.push_back({folder.string(), error.what()});
      }
    }
  }
}

}  // namespace skysense
