#include "ingest/place_lists.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "ingest/image_candidates.h"
#include "raster/raster_reader.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr PerModality<const char*> kKeys = {{"hr_path", "s2_path", "s1_path"}};

std::vector<std::string> paths_of(const json& item, const char* key) {
  if (!item.contains(key) || item.at(key).is_null()) return {};
  if (item.at(key).is_array()) return item.at(key).get<std::vector<std::string>>();
  const std::string path = item.at(key).get<std::string>();
  return path.empty() ? std::vector<std::string>{} : std::vector<std::string>{path};
}

/// The path relative to the dataset, or nothing (and an entry in the report) where GDAL cannot open it; `grid` gets the
/// raster's.
std::optional<std::string> usable(const fs::path& list, const fs::path& dataset, const std::string& path,
                                  IndexReport& report, TargetGrid& grid) {
  const fs::path absolute = fs::weakly_canonical(list.parent_path() / path);
  try {
    grid = RasterReader(absolute.string()).grid();
    return absolute.lexically_proximate(dataset).string();
  } catch (const DataError& error) {
    report.skipped.push_back({absolute.string(), error.what()});
    return std::nullopt;
  }
}

}  // namespace

std::optional<std::vector<PlaceRecord>> read_place_list(const fs::path& file, const fs::path& dataset,
                                                        IndexReport& report) {
  const json list = json::parse(read_text_file(file), nullptr, false);
  if (list.is_discarded()) throw DataError(fmt::format("{}: not JSON", file.string()));
  const auto names_images = [](const json& item) {
    return item.is_object() && (item.contains("hr_path") || item.contains("s2_path") || item.contains("s1_path"));
  };
  if (!list.is_array() || list.empty() || !names_images(list.front())) return std::nullopt;
  std::vector<PlaceRecord> places;
  try {
    for (size_t i = 0; i < list.size(); ++i) {
      PlaceRecord place;
      place.id = fmt::format("{}/{:06}", file.stem().string(), i);
      bool empty = true;
      TargetGrid grid;
      for (const Modality modality : kModalities) {
        for (const std::string& path : paths_of(list[i], kKeys[modality])) {
          const auto found = usable(file, dataset, path, report, grid);
          if (!found) continue;
          PlaceImage image;
          image.paths = {*found};
          image.date = find_date(fs::path(path).stem().string());
          place.images[modality].push_back(std::move(image));
          empty = false;
          if (const auto centre = centre_lonlat_deg({grid.wkt, grid.transform}, grid.width, grid.height)) {
            place.longitude_deg = centre->x;
            place.latitude_deg = centre->y;
          }
        }
      }
      for (const std::string& path : paths_of(list[i], "target_path"))
        place.label = usable(file, dataset, path, report, grid).value_or("");
      if (empty) {
        report.skipped.push_back({fmt::format("{}[{}]", file.string(), i), "none of its images can be read"});
      } else {
        places.push_back(std::move(place));
      }
    }
  } catch (const json::exception& error) {
    throw DataError(fmt::format("{}: not a list of places: {}", file.string(), error.what()));
  }
  return places;
}

}  // namespace skysense
