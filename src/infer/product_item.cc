#include "infer/product_item.h"

#include <algorithm>

#include "raster/coordinate_transform.h"

namespace skysense {
namespace {

using Json = nlohmann::json;

constexpr int kEdgePoints = 8;  // a side, for projections that bend it

std::string time_text(const Date& date) { return date.text() + "T00:00:00Z"; }

/// Longitude and latitude along the edge of the area, closed, counter-clockwise; empty where it has none.
std::vector<MapPoint> footprint(const TaskScenes& scenes) {
  const Georeference own = scenes.georeference();
  if (!own.known()) return {};
  const auto transform = CoordinateTransform::between(own.wkt, wkt_from_text("EPSG:4326"));
  if (!transform) return {};
  const double w = static_cast<double>(scenes.area().width), h = static_cast<double>(scenes.area().height);
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

void add_place(const TaskScenes& scenes, Json& item) {
  const std::vector<MapPoint> ring = footprint(scenes);
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

void add_time(const TaskScenes& scenes, Json& properties) {
  const std::vector<Date> dates = scenes.dates();
  properties["datetime"] = time_text(dates.empty() ? Date{} : dates.back());
  if (dates.empty()) properties["skysense:undated"] = true;
  if (dates.empty() || dates.front() == dates.back()) return;
  properties["start_datetime"] = time_text(dates.front());
  properties["end_datetime"] = time_text(dates.back());
}

void add_projection(const TaskScenes& scenes, Json& properties) {
  const Georeference own = scenes.georeference();
  const auto& t = own.transform;
  properties["proj:shape"] = {scenes.area().height, scenes.area().width};
  properties["proj:transform"] = {t[1], t[2], t[0], t[4], t[5], t[3], 0, 0, 1};
  const std::string crs = own.known() ? crs_name(own.wkt) : "";
  if (crs.starts_with("EPSG:")) {
    properties["proj:code"] = crs;
  } else if (!crs.empty()) {
    properties["proj:wkt2"] = crs;
  }
}

}  // namespace

Json product_item(const std::string& id, const TaskScenes& scenes,
                  const std::map<std::string, std::string>& provenance) {
  Json item = {{"type", "Feature"},
               {"stac_version", "1.0.0"},
               {"stac_extensions",
                {"https://stac-extensions.github.io/projection/v2.0.0/schema.json",
                 "https://stac-extensions.github.io/classification/v2.0.0/schema.json",
                 "https://stac-extensions.github.io/processing/v1.1.0/schema.json"}},
               {"id", id},
               {"links", Json::array()},
               {"properties", Json::object()},
               {"assets", Json::object()}};
  add_place(scenes, item);
  Json& properties = item["properties"];
  add_time(scenes, properties);
  add_projection(scenes, properties);
  const auto version = provenance.find("SKYSENSE_VERSION");
  properties["processing:software"] = {{"skysense", version == provenance.end() ? "" : version->second}};
  properties["processing:level"] = "L4";
  for (const auto& [key, value] : provenance) {
    constexpr size_t kPrefix = sizeof("SKYSENSE_") - 1;
    std::string name = key.substr(kPrefix);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    properties["skysense:" + name] = value;
  }
  return item;
}

}  // namespace skysense
