#include "core/rslearn_dataset.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace skysense {
namespace {

using nlohmann::json;

template <class Parse>
auto checked(const std::string& text, const std::string& origin, Parse parse) {
  try {
    return parse(json::parse(text));
  } catch (const json::exception& error) {
    throw DataError(fmt::format("{}: not a part of an rslearn dataset: {}", origin, error.what()));
  }
}

/// The first text under one of the keys; empty where there is none.
std::string first_text(const json& object, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const auto found = object.find(key);
    if (found != object.end() && found->is_string()) return found->get<std::string>();
  }
  return "";
}

bool is_true(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

RslearnLayer parse_layer(const json& item) {
  RslearnLayer layer;
  layer.raster = item.at("type").get<std::string>() == "raster";
  if (item.contains("band_sets")) {
    for (const json& set : item.at("band_sets")) {
      if (set.contains("bands")) layer.band_sets.push_back(set.at("bands").get<std::vector<std::string>>());
    }
  }
  const auto source = item.find("data_source");
  if (source == item.end() || !source->is_object()) return layer;
  layer.source = first_text(*source, {"class_path", "name"});
  const auto arguments = source->find("init_args");
  layer.harmonized = is_true(*source, "harmonize") ||
                     (arguments != source->end() && arguments->is_object() && is_true(*arguments, "harmonize"));
  return layer;
}

}  // namespace

std::optional<std::map<std::string, RslearnLayer>> parse_rslearn_config(const std::string& text,
                                                                        const std::string& origin) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object() || !document.contains("layers") || !document.at("layers").is_object()) return std::nullopt;
  return checked(text, origin, [](const json& config) {
    std::map<std::string, RslearnLayer> layers;
    for (const auto& [name, layer] : config.at("layers").items()) layers[name] = parse_layer(layer);
    return layers;
  });
}

std::map<std::string, std::vector<std::optional<Date>>> parse_rslearn_items(const std::string& text,
                                                                            const std::string& origin) {
  return checked(text, origin, [](const json& document) {
    std::map<std::string, std::vector<std::optional<Date>>> dates;
    for (const json& layer : document) {
      std::vector<std::optional<Date>>& of_layer = dates[layer.at("layer_name").get<std::string>()];
      for (const json& group : layer.at("serialized_item_groups")) {
        std::optional<Date> date;
        for (const json& item : group) {
          const json& range = item.at("geometry").at("time_range");
          if (!range.is_array() || range.empty()) continue;
          const auto first = parse_date(range.at(0).get<std::string>());
          if (first && (!date || *first < *date)) date = first;
        }
        of_layer.push_back(date);
      }
    }
    return dates;
  });
}

std::optional<std::pair<Date, Date>> parse_rslearn_window(const std::string& text, const std::string& origin) {
  return checked(text, origin, [&](const json& document) -> std::optional<std::pair<Date, Date>> {
    const json& range = document.at("time_range");
    if (range.is_null()) return std::nullopt;
    const auto first = parse_date(range.at(0).get<std::string>()), last = parse_date(range.at(1).get<std::string>());
    if (!first || !last) throw DataError(fmt::format("{}: time_range is no pair of times", origin));
    return std::pair{*first, *last};
  });
}

}  // namespace skysense
