#include "core/stac_item.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace skysense {
namespace {

using nlohmann::json;

/// A text of an object; empty where it is missing or null.
std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return "";
  return found->get<std::string>();
}

std::optional<double> number_at(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

/// A list of objects; empty where it is missing.
json list_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || !found->is_array() ? json::array() : *found;
}

std::vector<StacBand> parse_bands(const json& asset) {
  std::vector<StacBand> bands;
  const json described = asset.contains("eo:bands") ? list_at(asset, "eo:bands") : list_at(asset, "bands");
  for (const json& item : described) {
    StacBand band;
    for (const char* key : {"name", "common_name", "eo:common_name"}) {
      const std::string name = text_at(item, key);
      if (!name.empty()) band.names.push_back(name);
    }
    bands.push_back(std::move(band));
  }
  return bands;
}

StacAsset parse_asset(const std::string& key, const json& item) {
  StacAsset asset;
  asset.key = key;
  asset.href = item.at("href").get<std::string>();
  for (const json& role : list_at(item, "roles")) asset.roles.push_back(role.get<std::string>());
  asset.bands = parse_bands(item);
  asset.gsd_m = number_at(item, "gsd");
  // The raster extension 1 lists bands of its own; STAC 1.1 has its fields in `bands` or in the asset.
  const json raster = item.contains("raster:bands") ? list_at(item, "raster:bands") : list_at(item, "bands");
  const json& first = raster.empty() ? item : raster.front();
  for (const json* place : {&first, &item}) {
    if (!place->is_object()) continue;
    for (const char* key_of_scale : {"scale", "raster:scale"}) {
      if (!asset.scale) asset.scale = number_at(*place, key_of_scale);
    }
    for (const char* key_of_offset : {"offset", "raster:offset"}) {
      if (!asset.offset) asset.offset = number_at(*place, key_of_offset);
    }
    if (!asset.gsd_m) asset.gsd_m = number_at(*place, "raster:spatial_resolution");
    if (!asset.gsd_m) asset.gsd_m = number_at(*place, "spatial_resolution");
  }
  return asset;
}

StacItem parse_item(const json& document) {
  StacItem item;
  const json& properties = document.at("properties");
  item.id = document.at("id").get<std::string>();
  item.collection = text_at(document, "collection");
  item.constellation = text_at(properties, "constellation");
  item.platform = text_at(properties, "platform");
  item.product_type = text_at(properties, "s2:product_type");
  item.baseline = text_at(properties, "s2:processing_baseline");
  if (properties.contains("earthsearch:boa_offset_applied"))
    item.offset_applied = properties.at("earthsearch:boa_offset_applied").get<bool>();
  item.crs = text_at(properties, "proj:code");
  const auto epsg = properties.find("proj:epsg");
  if (item.crs.empty() && epsg != properties.end() && epsg->is_number_unsigned())
    item.crs = fmt::format("EPSG:{}", epsg->get<uint64_t>());
  item.date = parse_date(text_at(properties, "datetime"));
  if (!item.date) item.date = parse_date(text_at(properties, "start_datetime"));
  for (const auto& [key, asset] : document.at("assets").items()) item.assets.push_back(parse_asset(key, asset));
  return item;
}

void parse_links(const json& document, StacDocument& parsed) {
  for (const json& link : list_at(document, "links")) {
    const std::string relation = text_at(link, "rel");
    if (relation == "item" || relation == "child") parsed.links.push_back(link.at("href").get<std::string>());
  }
}

}  // namespace

std::optional<StacDocument> parse_stac(const std::string& text, const std::string& origin) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) return std::nullopt;
  const auto type = document.find("type");
  const std::string kind = type != document.end() && type->is_string() ? type->get<std::string>() : "";
  StacDocument parsed;
  try {
    if (kind == "Feature" && document.contains("stac_version")) {
      parsed.items.push_back(parse_item(document));
    } else if (kind == "FeatureCollection") {
      for (const json& feature : list_at(document, "features")) {
        if (feature.is_object() && feature.contains("stac_version")) parsed.items.push_back(parse_item(feature));
      }
      if (parsed.items.empty()) return std::nullopt;
    } else if ((kind == "Catalog" || kind == "Collection") && document.contains("stac_version")) {
      parse_links(document, parsed);
    } else {
      return std::nullopt;
    }
  } catch (const json::exception& error) {
    throw DataError(fmt::format("{}: not a STAC document: {}", origin, error.what()));
  }
  return parsed;
}

}  // namespace skysense
