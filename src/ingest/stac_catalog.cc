#include "ingest/stac_catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.h"
#include "core/files.h"
#include "ingest/band_names.h"
#include "ingest/image_sensor.h"
#include "ingest/validity_layer.h"
#include "raster/raster_reader.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

/// The file of an href, or nothing for a remote one.
std::optional<fs::path> local_path(const std::string& href, const fs::path& document) {
  if (href.starts_with("file://")) return fs::path(href.substr(7)).lexically_normal();
  if (href.find("://") != std::string::npos) return std::nullopt;
  return (document.parent_path() / href).lexically_normal();
}

/// Bands of the built-in sensors by the common names of the eo extension (1.x and 2.x) and by the keys of well-known
/// catalogs.
const std::map<std::string, std::string>& common_names(const std::string& family) {
  static const std::map<std::string, std::string> sentinel2 = {
      {"blue", "B02"},     {"green", "B03"},      {"red", "B04"},      {"rededge1", "B05"},   {"rededge071", "B05"},
      {"rededge2", "B06"}, {"rededge075", "B06"}, {"rededge3", "B07"}, {"rededge078", "B07"}, {"nir", "B08"},
      {"nir08", "B8A"},    {"swir16", "B11"},     {"swir22", "B12"}};
  static const std::map<std::string, std::string> landsat = {
      {"coastal", "SR_B1"}, {"blue", "SR_B2"},   {"green", "SR_B3"}, {"red", "SR_B4"},
      {"nir08", "SR_B5"},   {"swir16", "SR_B6"}, {"swir22", "SR_B7"}};
  static const std::map<std::string, std::string> none;
  return family.starts_with("sentinel2") ? sentinel2 : family == "landsat8-l2" ? landsat : none;
}

bool has_role(const StacAsset& asset, std::initializer_list<const char*> roles) {
  return std::any_of(roles.begin(), roles.end(), [&](const char* role) {
    return std::find(asset.roles.begin(), asset.roles.end(), role) != asset.roles.end();
  });
}

bool is_rendering(const StacAsset& asset) {
  const std::string key = lower_case(asset.key);
  return has_role(asset, {"thumbnail", "overview", "visual", "metadata"}) || key == "visual" || key == "tci" ||
         key.find("preview") != std::string::npos || key.find("thumbnail") != std::string::npos;
}

/// The sensor that the item's words tell; empty where they tell none.
std::string sensor_of(const StacItem& item) {
  const std::string words =
      lower_case(item.constellation + " " + item.platform + " " + item.collection + " " + item.product_type);
  const auto says = [&](const char* word) { return words.find(word) != std::string::npos; };
  const std::string id = lower_case(item.id);
  if (says("sentinel-2") || says("sentinel2") || id.starts_with("s2a_") || id.starts_with("s2b_") ||
      id.starts_with("s2c_")) {
    const bool top = says("l1c") || says("s2msi1c") || id.find("msil1c") != std::string::npos ||
                     id.find("_l1c") != std::string::npos;
    return top ? "sentinel2-l1c" : "sentinel2-l2a";
  }
  if (says("sentinel-1") || says("sentinel1") || id.starts_with("s1a_") || id.starts_with("s1b_"))
    return "sentinel1-grd-db";
  if (says("landsat-8") || says("landsat-9") || says("landsat8")) return "landsat8-l2";
  return "";
}

/// A band of an asset's file, from 1.
struct BandFile {
  const StacAsset* asset = nullptr;
  int64_t band = 0;  // 0: the file's only one
};

/// How well an asset's band answers to a contract's: 0 by its own name, 1 by the key, 2 by a common name; -1 not at
/// all.
int rank(const StacAsset& asset, const std::vector<std::string>& names, const std::string& wanted,
         const std::map<std::string, std::string>& common) {
  const std::string canonical = canonical_band(wanted);
  for (const std::string& name : names) {
    if (canonical_band(name) == canonical) return 0;
  }
  const bool single = asset.bands.size() <= 1;
  if (single && canonical_band(asset.key) == canonical) return 1;
  std::vector<std::string> all = names;
  if (single) all.push_back(asset.key);
  for (const std::string& name : all) {
    const auto found = common.find(lower_case(name));
    if (found != common.end() && found->second == wanted) return 2;
  }
  return -1;
}

std::optional<BandFile> find_band(const StacItem& item, const std::string& wanted, const std::string& family) {
  std::optional<BandFile> best;
  std::tuple<int, double> best_order;
  for (const StacAsset& asset : item.assets) {
    if (is_rendering(asset)) continue;
    for (size_t i = 0; i < std::max<size_t>(asset.bands.size(), 1); ++i) {
      const auto names = asset.bands.empty() ? std::vector<std::string>{} : asset.bands[i].names;
      const int how = rank(asset, names, wanted, common_names(family));
      const std::tuple<int, double> order{how, asset.gsd_m.value_or(HUGE_VAL)};
      if (how < 0 || (best && order >= best_order)) continue;
      best = BandFile{&asset, asset.bands.size() > 1 ? static_cast<int64_t>(i) + 1 : 0};
      best_order = order;
    }
  }
  return best;
}

/// What has to be added to the stored values.
double added(const StacItem& item, const StacAsset& asset, const SensorContract& contract) {
  if (sensor_family(contract.name).find("sentinel2") == std::string::npos || item.offset_applied) return 0;
  if (asset.offset) return std::round(*asset.offset / asset.scale.value_or(contract.bands.front().scale));
  return item.baseline >= "04.00" ? -1000 : 0;
}

std::string absolute_file(const StacAsset& asset, const fs::path& document) {
  const auto path = local_path(asset.href, document);
  if (!path) throw DataError(fmt::format("asset {} is remote ({}): download it and its item", asset.key, asset.href));
  if (!fs::exists(*path)) throw DataError(fmt::format("asset {}: {} is not there", asset.key, path->string()));
  return path->string();
}

std::string validity_of(const StacItem& item, const fs::path& document) {
  for (const StacAsset& asset : item.assets) {
    const std::string key = lower_case(asset.key);
    if (!key.starts_with("scl") && key != "qa_pixel" && !has_role(asset, {"cloud", "snow-ice"})) continue;
    const auto path = local_path(asset.href, document);
    if (!path || !fs::exists(*path)) continue;
    if (layer_valid_values(path->string()).empty()) {
      throw DataError(
          fmt::format("asset {}: the file name {} does not say which mask it is: put SCL, QA_PIXEL or cloud "
                      "into it",
                      asset.key, path->filename().string()));
    }
    return path->string();
  }
  return "";
}

}  // namespace

bool walk_stac(const fs::path& file, std::set<fs::path>& seen, IndexReport& report,
               const std::function<void(const StacItem&, const fs::path&)>& take) {
  const fs::path canonical = fs::weakly_canonical(file);
  if (!seen.insert(canonical).second) return true;
  const auto document = parse_stac(read_text_file(canonical), file.string());
  if (!document) return false;
  for (const StacItem& item : document->items) take(item, canonical);
  for (const std::string& href : document->links) {
    const auto linked = local_path(href, canonical);
    if (!linked) {
      report.skipped.push_back({href, fmt::format("a remote link of {}: download it first", file.string())});
      continue;
    }
    try {
      if (!walk_stac(*linked, seen, report, take))
        report.skipped.push_back({linked->string(), fmt::format("{} links to it, but it is no STAC", file.string())});
    } catch (const DataError& error) {
      report.skipped.push_back({linked->string(), error.what()});
    }
  }
  return true;
}

std::vector<fs::path> local_files(const StacItem& item, const fs::path& file) {
  std::vector<fs::path> files;
  for (const StacAsset& asset : item.assets) {
    if (const auto path = local_path(asset.href, file)) files.push_back(fs::weakly_canonical(*path));
  }
  return files;
}

ImageCandidate image_of_item(const StacItem& item, const fs::path& file, const std::vector<std::string>& asked) {
  std::vector<std::string> sensors = {sensor_of(item)};
  if (sensors.front().empty()) sensors = {"aerial-rgb", "aerial-rgbn"};  // pictures by the names of their colours
  for (const std::string& sensor : asked) {
    if (sensors.size() > 1 && builtin_contract(sensor).modality == Modality::kHr) sensors = {sensor};
  }
  const SensorContract contract = builtin_contract(sensors.front());
  ImageCandidate image;
  image.root = file.parent_path();
  image.name = item.id;
  image.sensor = contract.name;
  image.date = item.date;
  std::vector<std::string> missing;
  std::string map;
  for (const Band& band : contract.bands) {
    const auto found = find_band(item, band.name, sensor_family(contract.name));
    if (!found) {
      missing.push_back(band.name);
      continue;
    }
    image.paths.push_back(absolute_file(*found->asset, file));
    image.add = added(item, *found->asset, contract);
    if (found->band > 0) map += fmt::format("{}{}={}", map.empty() ? "" : ",", band.name, found->band);
  }
  if (!missing.empty()) {
    throw DataError(fmt::format("no asset holds band {} of sensor {} (by eo:bands, bands, key or common name)",
                                missing.front(), contract.name));
  }
  if (std::count(image.paths.begin(), image.paths.end(), image.paths.front()) ==
      static_cast<int64_t>(image.paths.size())) {
    image.paths.resize(1);
  }
  image.bands = map;
  image.validity = validity_of(item, file);
  prefer_own_offset(image);
  if (item.crs.empty()) return image;
  const RasterReader reader(image.paths.front());
  if (!same_crs(wkt_from_text(item.crs), reader.georeference().wkt)) {
    throw DataError(fmt::format("the item says {}, its file {} is in {}", item.crs, image.paths.front(),
                                crs_name(reader.georeference().wkt)));
  }
  return image;
}

}  // namespace skysense
