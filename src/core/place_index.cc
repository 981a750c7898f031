#include "core/place_index.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>
#include <unordered_set>

#include "core/error.h"
#include "core/files.h"
#include "core/whole_number.h"

namespace skysense {
namespace {

using nlohmann::json;

PlaceImage parse_image(const json& item) {
  PlaceImage image;
  const json& path = item.at("path");
  if (path.is_array()) {
    image.paths = path.get<std::vector<std::string>>();
  } else {
    image.paths = {path.get<std::string>()};
  }
  if (image.paths.empty()) throw DataError("an image without a path");
  if (item.contains("date")) {
    const std::string text = item.at("date").get<std::string>();
    image.date = parse_date(text);
    if (!image.date) throw DataError(fmt::format("'{}' is no date (expected 2024-05-01)", text));
  }
  image.bands = item.value("bands", "");
  image.validity = item.value("validity", "");
  image.add = item.value("add", 0.0);
  return image;
}

PlaceGround parse_ground(const json& item) {
  PlaceGround ground;
  ground.crs = item.at("crs").get<std::string>();
  if (ground.crs.empty()) throw DataError("ground without a crs (expected \"EPSG:32631\" or WKT)");
  const auto box = item.at("box").get<std::vector<double>>();
  if (box.size() != 4 || !(box[0] < box[2]) || !(box[1] < box[3])) {
    throw DataError("the box of ground must be [xmin, ymin, xmax, ymax] with xmin < xmax and ymin < ymax");
  }
  ground.min_x = box[0];
  ground.min_y = box[1];
  ground.max_x = box[2];
  ground.max_y = box[3];
  return ground;
}

json format_image(const PlaceImage& image) {
  json item;
  if (image.paths.size() == 1) {
    item["path"] = image.paths[0];
  } else {
    item["path"] = image.paths;
  }
  if (image.date) item["date"] = image.date->text();
  if (!image.bands.empty()) item["bands"] = image.bands;
  if (!image.validity.empty()) item["validity"] = image.validity;
  if (image.add != 0) item["add"] = image.add;
  return item;
}

}  // namespace

PlaceRecord parse_place(const std::string& line, const std::string& origin) {
  try {
    const json item = json::parse(line);
    PlaceRecord place;
    place.id = item.at("id").get<std::string>();
    bool empty = true;
    for (const Modality modality : kModalities) {
      const std::string key(modality_name(modality));
      if (!item.contains(key)) continue;
      for (const json& image : item.at(key)) place.images[modality].push_back(parse_image(image));
      empty = empty && place.images[modality].empty();
    }
    if (empty) throw DataError("no image in any of hr, ms, sar");
    place.label = item.value("label", "");
    if (item.contains("lonlat")) {
      const auto lonlat = item.at("lonlat").get<std::vector<double>>();
      if (lonlat.size() != 2 || !(std::abs(lonlat[0]) <= 180) || !(std::abs(lonlat[1]) <= 90)) {
        throw DataError("lonlat must be [longitude, latitude] in degrees");
      }
      place.longitude_deg = lonlat[0];
      place.latitude_deg = lonlat[1];
    }
    if (item.contains("ground")) place.ground = parse_ground(item.at("ground"));
    if (item.contains("class")) place.scene_class = whole_number(item, "class");
    return place;
  } catch (const json::exception& error) {
    throw DataError(fmt::format("{}: not a place: {}", origin, error.what()));
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", origin, error.what()));
  }
}

std::string format_place(const PlaceRecord& place) {
  json item = {{"id", place.id}};
  for (const Modality modality : kModalities) {
    if (place.images[modality].empty()) continue;
    json images = json::array();
    for (const PlaceImage& image : place.images[modality]) images.push_back(format_image(image));
    item[std::string(modality_name(modality))] = images;
  }
  if (!place.label.empty()) item["label"] = place.label;
  if (place.longitude_deg && place.latitude_deg) item["lonlat"] = {*place.longitude_deg, *place.latitude_deg};
  if (place.scene_class) item["class"] = *place.scene_class;
  if (place.ground) {
    const PlaceGround& ground = *place.ground;
    item["ground"] = {{"crs", ground.crs}, {"box", {ground.min_x, ground.min_y, ground.max_x, ground.max_y}}};
  }
  return item.dump();
}

std::vector<PlaceRecord> read_place_index(const std::filesystem::path& file) {
  return parse_place_index(read_text_file(file), file.string());
}

std::vector<PlaceRecord> parse_place_index(const std::string& text, const std::string& origin) {
  std::istringstream lines(text);
  std::vector<PlaceRecord> places;
  std::unordered_set<std::string> ids;
  std::string line;
  for (int64_t number = 1; std::getline(lines, line); ++number) {
    if (line.empty()) continue;
    const std::string where = fmt::format("{}:{}", origin, number);
    places.push_back(parse_place(line, where));
    if (!ids.insert(places.back().id).second) {
      throw DataError(fmt::format("{}: id '{}' stands on an earlier line too", where, places.back().id));
    }
  }
  if (places.empty()) throw DataError(origin + ": no places");
  return places;
}

bool is_vector_label(const std::string& path) {
  for (const char* suffix : {".gpkg", ".geojson", ".json", ".shp", ".fgb", ".pbf"}) {
    if (path.ends_with(suffix)) return true;
  }
  return false;
}

std::string resolve_place_path(const std::string& folder, const std::string& path) {
  constexpr std::string_view kSubfile = "/vsisubfile/";
  if (path.starts_with(kSubfile)) {
    const size_t comma = path.find(',');
    if (comma == std::string::npos) return path;
    return path.substr(0, comma + 1) + resolve_place_path(folder, path.substr(comma + 1));
  }
  if (path.empty() || path.starts_with("/") || path.find("://") != std::string::npos) return path;
  const size_t colon = path.find(':');
  if (colon != std::string::npos && colon > 1 && path.find('"') != std::string::npos)
    return path;  // NETCDF:"file":name
  return folder.empty() ? path : folder + "/" + path;
}

void write_place_index(const std::filesystem::path& file, const std::vector<PlaceRecord>& places) {
  std::string text;
  for (const PlaceRecord& place : places) text += format_place(place) + "\n";
  sync_file_system(file.has_parent_path() ? file.parent_path() : ".");
  write_file_atomically(file, text);
}

}  // namespace skysense
