#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/date.h"
#include "core/modality.h"

namespace skysense {

/// One raster of a place as the index names it.
struct PlaceImage {
  std::vector<std::string> paths;  ///< one file, or one a band in the contract's order; anything GDAL opens
  std::optional<Date> date;        ///< absent for HR without a date
  std::string validity;            ///< optional mask raster (SCL, QA, cloud mask); empty where there is none
  std::string bands{};             ///< "B04=3,B03=2": raster bands (from 1) of the contract's; empty: by name or order
  double add = 0;                  ///< added to every stored value before the contract's scale and offset
};

/// A box in a projected coordinate reference system: the ground of a place whose images may show more than it.
struct PlaceGround {
  std::string crs;                                    ///< "EPSG:32631" or WKT
  double min_x = 0, min_y = 0, max_x = 0, max_y = 0;  ///< in units of the CRS
  bool operator==(const PlaceGround&) const = default;
};

/// One ground square on disk: a line of `index.jsonl`. Missing modalities and ragged series are normal.
struct PlaceRecord {
  std::string id;
  PerModality<std::vector<PlaceImage>> images;
  std::string label;  ///< label raster or vector; empty where there is none
  std::optional<double> longitude_deg, latitude_deg;
  std::optional<int64_t> scene_class;   ///< one class for the whole place, where known
  std::optional<PlaceGround> ground{};  ///< where absent: what the images of all modalities have in common
};

/// `index.jsonl` of a dataset folder: one place a line, paths relative to the file (docs/formats.md).
/// Throws DataError naming file and line for broken JSON, a wrong type, an empty place, or a duplicate id.
std::vector<PlaceRecord> read_place_index(const std::filesystem::path& file);
/// The same from the file's text; `origin` names the file.
std::vector<PlaceRecord> parse_place_index(const std::string& text, const std::string& origin);
/// One line of it; `origin` names file and line.
PlaceRecord parse_place(const std::string& line, const std::string& origin);
std::string format_place(const PlaceRecord& place);
/// Whether a label is a vector file and no raster, by its name.
bool is_vector_label(const std::string& path);
/// What GDAL opens for a path of the index of `folder`: a relative path is meant from there, also one within
/// "/vsisubfile/OFFSET_SIZE,PATH"; absolute and /vsi paths, URLs and subdatasets stand as they are.
std::string resolve_place_path(const std::string& folder, const std::string& path);
/// Writes the whole index, whole or not at all, once the images beside it are on the disk.
void write_place_index(const std::filesystem::path& file, const std::vector<PlaceRecord>& places);

}  // namespace skysense
