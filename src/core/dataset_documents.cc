#include "core/dataset_documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/error.h"
#include "core/whole_number.h"

namespace skysense {
namespace {

using Json = nlohmann::json;

Json parse(const std::string& text, const std::string& origin) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) throw DataError(origin + ": not a JSON object");
  return json;
}

/// {"0": 20180924, "1": …} in the order of the numbers; some writers of GeoJSON store it as a text of the same.
std::vector<Date> pastis_dates(const Json& value) {
  const Json dates = value.is_string() ? Json::parse(value.get<std::string>(), nullptr, false) : value;
  if (!dates.is_object()) throw DataError("dates are {\"0\": 20180924, …}");
  std::vector<Date> ordered;
  for (size_t i = 0; i < dates.size(); ++i) {
    const std::string key = std::to_string(i);
    if (!dates.contains(key)) throw DataError(fmt::format("dates are numbered from 0, and {} is missing", key));
    const Json& day = dates.at(key);
    const auto date = parse_date(day.is_string() ? day.get<std::string>() : std::to_string(whole_number(dates, key)));
    if (!date) throw DataError(fmt::format("{} is no date", day.dump()));
    ordered.push_back(*date);
  }
  return ordered;
}

int64_t number_of(const Json& properties, const std::string& key) {
  if (!properties.contains(key)) throw DataError(key + " is missing");
  const Json& value = properties.at(key);
  if (!value.is_string()) return whole_number(properties, key);
  // geopandas writes whole columns as texts where one value of them is one.
  const Json parsed = {{key, Json::parse(value.get<std::string>(), nullptr, false)}};
  return whole_number(parsed, key);
}

PastisPatch pastis_patch(const Json& properties) {
  PastisPatch patch;
  patch.id = number_of(properties, "ID_PATCH");
  patch.fold = number_of(properties, "Fold");
  if (patch.fold < 1 || patch.fold > 5) throw DataError(fmt::format("Fold {} is not one of 1 to 5", patch.fold));
  constexpr std::string_view kPrefix = "dates-";
  for (const auto& [key, value] : properties.items()) {
    if (key.starts_with(kPrefix)) patch.dates[key.substr(kPrefix.size())] = pastis_dates(value);
  }
  if (!patch.dates.contains("S2")) throw DataError("dates-S2 is missing");
  return patch;
}

}  // namespace

std::vector<PastisPatch> parse_pastis_metadata(const std::string& text, const std::string& origin) {
  const Json json = parse(text, origin);
  if (!json.contains("features") || !json.at("features").is_array() || json.at("features").empty())
    throw DataError(origin + ": GeoJSON with a feature a patch expected");
  std::vector<PastisPatch> patches;
  for (const Json& feature : json.at("features")) {
    const std::string where = fmt::format("{}: feature {}: ", origin, patches.size());
    if (!feature.is_object() || !feature.contains("properties") || !feature.at("properties").is_object())
      throw DataError(where + "no properties");
    try {
      patches.push_back(pastis_patch(feature.at("properties")));
    } catch (const Json::exception& error) {
      throw DataError(where + error.what());
    } catch (const DataError& error) {
      throw DataError(where + error.what());
    }
  }
  return patches;
}

BigEarthNetPatch parse_bigearthnet_patch(const std::string& text, const std::string& origin) {
  const Json json = parse(text, origin);
  BigEarthNetPatch patch;
  if (!json.contains("labels") || !json.at("labels").is_array()) throw DataError(origin + ": no list of labels");
  for (const Json& label : json.at("labels")) {
    if (!label.is_string()) throw DataError(origin + ": labels are names");
    patch.labels.push_back(label.get<std::string>());
  }
  for (const char* key : {"acquisition_date", "acquisition_time"}) {
    if (json.contains(key) && json.at(key).is_string()) patch.date = parse_date(json.at(key).get<std::string>());
    if (patch.date) break;
  }
  if (json.contains("corresponding_s2_patch") && json.at("corresponding_s2_patch").is_string())
    patch.sentinel2_patch = json.at("corresponding_s2_patch").get<std::string>();
  return patch;
}

std::vector<std::string> parse_name_list(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t begin = line.find_first_not_of(" \t\r"), end = line.find_last_not_of(" \t\r");
    if (begin != std::string::npos) names.push_back(line.substr(begin, end - begin + 1));
  }
  return names;
}

}  // namespace skysense
