#include "infer/prediction_item.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "raster/coordinate_transform.h"

namespace skysense {
namespace {

using Json = nlohmann::json;

constexpr int kEdgePoints = 8;  // a side, for projections that bend it

std::string time_text(const Date& date) { return date.text() + "T00:00:00Z"; }

/// Longitude and latitude along the edge of the area, closed, counter-clockwise; empty where it has none.
std::vector<MapPoint> footprint(const PredictJob& job) {
  const Georeference own = job.georeference();
  if (!own.known()) return {};
  const auto transform = CoordinateTransform::between(own.wkt, wkt_from_text("EPSG:4326"));
  if (!transform) return {};
  const double w = static_cast<double>(job.area().width), h = static_cast<double>(job.area().height);
  const PixelPoint corners[5] = {{0, 0}, {0, h}, {w, h}, {w, 0}, {0, 0}};
  std::vector<MapPoint> ring;
  for (int side = 0; side < 4; ++side) {
    for (int i = 0; i < kEdgePoints; ++i) {
      const double part = static_cast<double>(i) / kEdgePoints;
      const PixelPoint &from = corners[side], &to = corners[side + 1];
      MapPoint point = own.to_map({from.x + part * (to.x - from.x), from.y + part * (to.y - from.y)});
      if (!transform->apply(1, &point.x, &point.y)) return {};
      ring.push_back(point);
    }
  }
  ring.push_back(ring.front());
  return ring;
}

void add_place(const PredictJob& job, Json& item) {
  const std::vector<MapPoint> ring = footprint(job);
  if (ring.empty()) {
    item["geometry"] = nullptr;
    return;
  }
  Json points = Json::array();
  MapBox box{ring[0].x, ring[0].y, ring[0].x, ring[0].y};
  for (const MapPoint& point : ring) {
    points.push_back({point.x, point.y});
    box = {std::min(box.min_x, point.x), std::min(box.min_y, point.y), std::max(box.max_x, point.x),
           std::max(box.max_y, point.y)};
  }
  item["geometry"] = {{"type", "Polygon"}, {"coordinates", {points}}};
  item["bbox"] = {box.min_x, box.min_y, box.max_x, box.max_y};
}

void add_time(const PredictJob& job, Json& properties) {
  const std::vector<Date> dates = job.dates();
  properties["datetime"] = time_text(dates.empty() ? Date{} : dates.back());
  if (dates.empty()) properties["skysense:undated"] = true;
  if (dates.empty() || dates.front() == dates.back()) return;
  properties["start_datetime"] = time_text(dates.front());
  properties["end_datetime"] = time_text(dates.back());
}

void add_projection(const PredictJob& job, Json& properties) {
  const Georeference own = job.georeference();
  const auto& t = own.transform;
  properties["proj:shape"] = {job.area().height, job.area().width};
  properties["proj:transform"] = {t[1], t[2], t[0], t[4], t[5], t[3], 0, 0, 1};
  const std::string crs = own.known() ? crs_name(own.wkt) : "";
  if (crs.starts_with("EPSG:")) {
    properties["proj:code"] = crs;
  } else if (!crs.empty()) {
    properties["proj:wkt2"] = crs;
  }
}

Json classes_of(const RasterLayout& layout) {
  Json classes = Json::array();
  for (size_t i = 0; i < layout.class_names.size(); ++i) {
    const auto& c = layout.colours.at(i);
    // Names of that extension are machine-readable; the description keeps the class's own.
    std::string name = layout.class_names[i];
    std::replace_if(
        name.begin(), name.end(), [](unsigned char letter) { return !std::isalnum(letter) && letter != '-'; }, '_');
    classes.push_back({{"value", i},
                       {"name", name},
                       {"title", layout.class_names[i]},
                       {"description", layout.class_names[i]},
                       {"color_hint", fmt::format("{:02X}{:02X}{:02X}", c[0], c[1], c[2])}});
  }
  classes.push_back({{"value", kNoClass}, {"name", "nodata"}, {"description", "no data"}, {"nodata", true}});
  return classes;
}

Json asset_of(const PredictionLayer& layer, const std::string& href) {
  Json asset = {{"href", href},
                {"title", layer.title},
                {"type", layer.layout.format == "COG" ? "image/tiff; application=geotiff; profile=cloud-optimized"
                                                      : "image/tiff; application=geotiff"},
                {"roles", {"data"}}};
  if (layer.classes) asset["classification:classes"] = classes_of(layer.layout);
  return asset;
}

}  // namespace

std::string prediction_item(const PredictJob& job, const PredictionLayers& layers,
                            const std::vector<std::filesystem::path>& files) {
  Json item = {{"type", "Feature"},
               {"stac_version", "1.0.0"},
               {"stac_extensions",
                {"https://stac-extensions.github.io/projection/v2.0.0/schema.json",
                 "https://stac-extensions.github.io/classification/v2.0.0/schema.json",
                 "https://stac-extensions.github.io/processing/v1.1.0/schema.json"}},
               {"id", files.front().stem().string()},
               {"links", Json::array()},
               {"properties", Json::object()},
               {"assets", Json::object()}};
  add_place(job, item);
  Json& properties = item["properties"];
  add_time(job, properties);
  add_projection(job, properties);
  std::map<std::string, std::string> tags = job.provenance();
  properties["processing:software"] = {{"skysense", tags["SKYSENSE_VERSION"]}};
  properties["processing:level"] = "L4";
  for (const auto& [key, value] : tags) {
    constexpr size_t kPrefix = sizeof("SKYSENSE_") - 1;
    std::string name = key.substr(kPrefix);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    properties["skysense:" + name] = value;
  }
  for (size_t i = 0; i < files.size(); ++i) {
    const std::string href = "./" + files[i].filename().string();
    if (i >= layers.layers().size()) {
      item["assets"]["polygons"] = {{"href", href},
                                    {"title", "patches of one class"},
                                    {"type", "application/geopackage+sqlite3"},
                                    {"roles", {"data"}}};
      continue;
    }
    const PredictionLayer& layer = layers.layers()[i];
    item["assets"][layer.suffix.empty() ? "map" : layer.suffix.substr(1)] = asset_of(layer, href);
  }
  return item.dump(2) + "\n";
}

}  // namespace skysense
