#include "raster/georeference.h"

#include <fmt/format.h>
#include <gdal.h>
#include <ogr_spatialref.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "core/error.h"
#include "raster/coordinate_transform.h"
#include "raster/gdal_call.h"

namespace skysense {

PixelWindow PixelWindow::intersect(const PixelWindow& other) const {
  const int64_t left = std::max(x, other.x), top = std::max(y, other.y);
  const int64_t right = std::min(x + width, other.x + other.width),
                bottom = std::min(y + height, other.y + other.height);
  return {left, top, std::max<int64_t>(right - left, 0), std::max<int64_t>(bottom - top, 0)};
}

double MapBox::overlap(const MapBox& other) const {
  const double width = std::min(max_x, other.max_x) - std::max(min_x, other.min_x);
  const double height = std::min(max_y, other.max_y) - std::max(min_y, other.min_y);
  const double smaller =
      std::min((max_x - min_x) * (max_y - min_y), (other.max_x - other.min_x) * (other.max_y - other.min_y));
  return width <= 0 || height <= 0 || smaller <= 0 ? 0 : width * height / smaller;
}

MapPoint Georeference::to_map(PixelPoint pixel) const {
  return {transform[0] + transform[1] * pixel.x + transform[2] * pixel.y,
          transform[3] + transform[4] * pixel.x + transform[5] * pixel.y};
}

PixelPoint Georeference::to_pixel(MapPoint map) const {
  const double determinant = transform[1] * transform[5] - transform[2] * transform[4];
  if (determinant == 0) throw std::logic_error("a geotransform without an inverse");
  const double x = map.x - transform[0], y = map.y - transform[3];
  return {(transform[5] * x - transform[2] * y) / determinant, (transform[1] * y - transform[4] * x) / determinant};
}

Georeference Georeference::moved(PixelPoint origin, double pixels_per_cell) const {
  const MapPoint corner = to_map(origin);
  return {wkt,
          {corner.x, transform[1] * pixels_per_cell, transform[2] * pixels_per_cell, corner.y,
           transform[4] * pixels_per_cell, transform[5] * pixels_per_cell}};
}

bool same_crs(const std::string& wkt_a, const std::string& wkt_b) {
  if (wkt_a == wkt_b) return true;
  if (wkt_a.empty() || wkt_b.empty()) return false;
  GdalCall call("coordinate reference system");
  OGRSpatialReference a, b;
  if (a.importFromWkt(wkt_a.c_str()) != OGRERR_NONE || b.importFromWkt(wkt_b.c_str()) != OGRERR_NONE) return false;
  const char* const criteria[] = {"IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES",
                                  "CRITERION=EQUIVALENT_EXCEPT_AXIS_ORDER_GEOGCRS", nullptr};
  return a.IsSame(&b, criteria) != 0;
}

std::optional<double> ground_sample_distance_m(const Georeference& georeference, int64_t width, int64_t height) {
  if (!georeference.known()) return std::nullopt;
  GdalCall call("coordinate reference system");
  OGRSpatialReference crs;
  if (crs.importFromWkt(georeference.wkt.c_str()) != OGRERR_NONE) return std::nullopt;
  const auto& t = georeference.transform;
  const double side = std::sqrt(std::abs(t[1] * t[5] - t[2] * t[4]));
  if (!crs.IsGeographic()) return side * crs.GetLinearUnits();
  const double radians = crs.GetAngularUnits();
  const double metres_a_degree = radians * crs.GetSemiMajor();
  const double latitude = georeference.to_map({width / 2.0, height / 2.0}).y * radians;
  return side * metres_a_degree * std::sqrt(std::max(0.0, std::cos(latitude)));
}

std::optional<MapPoint> centre_lonlat_deg(const Georeference& georeference, int64_t width, int64_t height) {
  if (!georeference.known()) return std::nullopt;
  MapPoint centre = georeference.to_map({width / 2.0, height / 2.0});
  const auto to_degrees = CoordinateTransform::between(georeference.wkt, wkt_from_text("EPSG:4326"));
  if (!to_degrees || !to_degrees->apply(1, &centre.x, &centre.y)) return std::nullopt;
  return centre;
}

MapBox bounds(const Georeference& georeference, int64_t width, int64_t height) {
  MapBox box{1e300, 1e300, -1e300, -1e300};
  for (const double x : {0.0, static_cast<double>(width)}) {
    for (const double y : {0.0, static_cast<double>(height)}) {
      const MapPoint corner = georeference.to_map({x, y});
      box = {std::min(box.min_x, corner.x), std::min(box.min_y, corner.y), std::max(box.max_x, corner.x),
             std::max(box.max_y, corner.y)};
    }
  }
  return box;
}

std::optional<double> metres_per_unit(const std::string& wkt) {
  GdalCall call("coordinate reference system");
  OGRSpatialReference crs;
  if (crs.importFromWkt(wkt.c_str()) != OGRERR_NONE || !crs.IsProjected()) return std::nullopt;
  return crs.GetLinearUnits();
}

std::string crs_name(const std::string& wkt) {
  GdalCall call("coordinate reference system");
  OGRSpatialReference crs;
  if (crs.importFromWkt(wkt.c_str()) != OGRERR_NONE) return wkt;
  const char* authority = crs.GetAuthorityName(nullptr);
  const char* code = crs.GetAuthorityCode(nullptr);
  return authority == nullptr || code == nullptr ? wkt : std::string(authority) + ":" + code;
}

std::string utm_wkt(MapPoint lonlat_deg) {
  const int zone = std::clamp(static_cast<int>(std::floor((lonlat_deg.x + 180) / 6)) + 1, 1, 60);
  return wkt_from_text(fmt::format("EPSG:{}", (lonlat_deg.y < 0 ? 32700 : 32600) + zone));
}

std::string wkt_from_text(const std::string& text) {
  GdalCall call(text);
  OGRSpatialReference crs;
  call.check(crs.SetFromUserInput(text.c_str()) == OGRERR_NONE, "is no coordinate reference system",
             "give EPSG:code or WKT");
  char* wkt = nullptr;
  crs.exportToWkt(&wkt);
  const std::string result = wkt == nullptr ? "" : wkt;
  CPLFree(wkt);
  return result;
}

}  // namespace skysense
