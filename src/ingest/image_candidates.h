#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/date.h"
#include "core/place_index.h"
#include "core/sensor_contract.h"
#include "ingest/index_report.h"
#include "raster/georeference.h"

namespace skysense {

/// One image, label or validity raster found on disk, before it belongs to a place.
struct ImageCandidate {
  enum class Kind { kImage, kLabel, kValidity };
  Kind kind = Kind::kImage;
  std::filesystem::path root;      ///< the folder that was searched
  std::vector<std::string> paths;  ///< absolute: one, or one a band in the contract's order
  std::string bands;               ///< band map of --bands
  std::string name;                ///< stem; of a file a band, what the stems share
  std::string sensor;              ///< of images
  std::optional<Date> date;
  double add = 0;                ///< PlaceImage::add
  std::string validity;          ///< absolute path of its own validity raster, where the layout names one
  TargetGrid grid;               ///< wkt is empty without a georeference
  std::optional<MapBox> lonlat;  ///< footprint in degrees
};

/// How to look for images.
struct SearchOptions {
  std::vector<std::string> sensors;  ///< --sensor, possibly empty
  std::string bands;                 ///< --bands
};

/// The contract that the candidate's stored values follow once `add` is added to them.
SensorContract contract_of(const ImageCandidate& candidate);

/// Opens the files of an image whose sensor is known and checks them against its contract; fills in grid and footprint.
/// Returns why they do not fit, or nothing. Throws DataError for what cannot be read.
std::optional<std::string> check_image(ImageCandidate& candidate);

/// A candidate's path as the index of `dataset` names it: relative, but for what GDAL alone opens.
std::string index_path(const std::string& path, const std::filesystem::path& dataset);
/// The candidate as an image of a place of that index.
PlaceImage place_image(const ImageCandidate& candidate, const std::filesystem::path& dataset);

/// The footprint in longitude and latitude; nothing without a georeference.
std::optional<MapBox> lonlat_box(const TargetGrid& grid);

/// Every raster below `root` in the order of their paths; a file a band (…_B02.tif, …_VV.tif) becomes one image. Each
/// image is checked against its sensor's contract (ingest/contract_check.h); what does not fit is added to
/// `report.skipped` with the reason. `taken` names files that are dealt with elsewhere. `progress` gets the number of
/// files done and their total.
std::vector<ImageCandidate> find_images(const std::filesystem::path& root, const SearchOptions& options,
                                        const std::function<bool(const std::filesystem::path&)>& taken,
                                        IndexReport& report,
                                        const std::function<void(int64_t done, int64_t total)>& progress);

/// All regular files below `root` (or `root` itself), sorted; hidden ones left out. Throws DataError where there is no
/// such folder.
std::vector<std::filesystem::path> list_files(const std::filesystem::path& root);

}  // namespace skysense
