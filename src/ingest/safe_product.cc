#include "ingest/safe_product.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>

#include "core/error.h"
#include "core/sentinel2_metadata.h"
#include "ingest/image_sensor.h"
#include "raster/vsi_file.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostMetadataBytes = int64_t{64} << 20;

/// The files of one granule: by band the finest, and its masks.
struct Granule {
  std::map<std::string, std::pair<int, std::string>> bands;  // pixel size in metres and path
  std::string scene_classes, opaque_clouds;
};

std::map<std::string, Granule> granules_of(const std::vector<std::string>& files) {
  static const std::regex band_file(R"(.*/GRANULE/([^/]+)/IMG_DATA/(?:R\d\dm/)?[^/]*_(B\d\d|B8A)(?:_(\d\d)m)?\.jp2)"),
      class_file(R"(.*/GRANULE/([^/]+)/IMG_DATA/R20m/[^/]*_SCL_20m\.jp2)"),
      cloud_file(R"(.*/GRANULE/([^/]+)/QI_DATA/MSK_CLASSI_B00\.jp2)");
  std::map<std::string, Granule> granules;
  std::smatch match;
  for (const std::string& file : files) {
    if (std::regex_match(file, match, band_file)) {
      const int size_m = match[3].matched ? std::stoi(match[3].str()) : 0;
      const auto [entry, added] = granules[match[1].str()].bands.emplace(match[2].str(), std::pair{size_m, file});
      if (!added && size_m < entry->second.first) entry->second = {size_m, file};
    } else if (std::regex_match(file, match, class_file)) {
      granules[match[1].str()].scene_classes = file;
    } else if (std::regex_match(file, match, cloud_file)) {
      granules[match[1].str()].opaque_clouds = file;
    }
  }
  return granules;
}

}  // namespace

std::vector<std::string> find_safe_products(const std::vector<fs::path>& files) {
  std::set<std::string> products;
  for (const fs::path& file : files) {
    for (fs::path folder = file.parent_path(); folder.has_relative_path(); folder = folder.parent_path()) {
      if (folder.extension() == ".SAFE") products.insert(folder.string());
    }
    if (file.extension() != ".zip") continue;
    const std::string archive = "/vsizip/" + file.string();
    for (const std::string& member : list_vsi_files(archive)) {
      const size_t end = member.find(".SAFE/");
      if (end != std::string::npos) products.insert(member.substr(0, end + 5));
    }
  }
  return {products.begin(), products.end()};
}

std::vector<ImageCandidate> read_safe_product(const std::string& product, const fs::path& root) {
  const std::string name = fs::path(product).stem().string();
  if (name.starts_with("S1")) {
    throw DataError(fmt::format(
        "{}: a Sentinel-1 product before terrain correction has ground control points and no grid, and digital numbers "
        "instead of decibels: calibrate it to sigma0 or gamma0, terrain-correct it and convert it to dB (ESA SNAP: "
        "Apply-Orbit-File, Calibration, Terrain-Correction, LinearToFromdB; or an RTC product), then index the GeoTIFF",
        product));
  }
  const std::vector<std::string> files = list_vsi_files(product);
  const auto metadata_file = std::find_if(files.begin(), files.end(), [&](const std::string& file) {
    return file == product + "/MTD_MSIL2A.xml" || file == product + "/MTD_MSIL1C.xml";
  });
  if (metadata_file == files.end()) {
    throw DataError(
        fmt::format("{}: neither MTD_MSIL2A.xml nor MTD_MSIL1C.xml is in it: no Sentinel-2 L1C or L2A "
                    "product of the format since 2016-12, or not copied whole",
                    product));
  }
  const Sentinel2Metadata metadata =
      parse_sentinel2_metadata(read_vsi_text(*metadata_file, kMostMetadataBytes), *metadata_file);
  const std::string sensor = "sentinel2-" + metadata.level;
  const SensorContract contract = builtin_contract(sensor);
  if (metadata.quantification * contract.bands.front().scale != 1) {
    throw DataError(fmt::format("{}: its quantification value is {:g}, sensor {} has {:g}", *metadata_file,
                                metadata.quantification, sensor, 1 / contract.bands.front().scale));
  }
  std::vector<ImageCandidate> images;
  for (const auto& [granule, found] : granules_of(files)) {
    ImageCandidate image;
    image.root = root;
    image.name = name;
    image.sensor = sensor;
    image.date = metadata.date ? metadata.date : find_date(name);
    image.add = metadata.add_offset;
    image.validity = metadata.level == "l2a" ? found.scene_classes : found.opaque_clouds;
    for (const Band& band : contract.bands) {
      const auto file = found.bands.find(band.name);
      if (file == found.bands.end())
        throw DataError(fmt::format("{}: granule {} has no file of band {}", product, granule, band.name));
      image.paths.push_back(file->second.second);
    }
    prefer_own_offset(image);
    images.push_back(std::move(image));
  }
  if (images.empty()) throw DataError(fmt::format("{}: no band files (GRANULE/*/IMG_DATA/*.jp2) are in it", product));
  return images;
}

}  // namespace skysense
