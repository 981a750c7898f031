#include "ingest/square_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "raster/coordinate_transform.h"

namespace skysense {
namespace {

constexpr int kPointsAnEdge = 16;

/// The outline of a raster in another reference system; empty where a point has no image.
std::vector<MapPoint> outline(const TargetGrid& raster, const std::string& wkt) {
  const double width = static_cast<double>(raster.width), height = static_cast<double>(raster.height);
  const std::array<PixelPoint, 5> corners = {{{0, 0}, {width, 0}, {width, height}, {0, height}, {0, 0}}};
  const Georeference georeference{raster.wkt, raster.transform};
  std::vector<double> x, y;
  for (size_t edge = 0; edge < 4; ++edge) {
    for (int i = 0; i < kPointsAnEdge; ++i) {
      const double part = static_cast<double>(i) / kPointsAnEdge;
      const MapPoint point = georeference.to_map({corners[edge].x + part * (corners[edge + 1].x - corners[edge].x),
                                                  corners[edge].y + part * (corners[edge + 1].y - corners[edge].y)});
      x.push_back(point.x);
      y.push_back(point.y);
    }
  }
  if (!same_crs(raster.wkt, wkt)) {
    const auto transform = CoordinateTransform::between(raster.wkt, wkt);
    if (!transform || !transform->apply(static_cast<int64_t>(x.size()), x.data(), y.data())) return {};
  }
  std::vector<MapPoint> points;
  for (size_t i = 0; i < x.size(); ++i) points.push_back({x[i], y[i]});
  return points;
}

/// The part of a polygon where `inside` (a signed distance to a line, positive within) is not negative.
template <class Inside>
std::vector<MapPoint> clip(const std::vector<MapPoint>& polygon, Inside inside) {
  std::vector<MapPoint> result;
  for (size_t i = 0; i < polygon.size(); ++i) {
    const MapPoint& a = polygon[i];
    const MapPoint& b = polygon[(i + 1) % polygon.size()];
    const double from = inside(a), to = inside(b);
    if (from >= 0) result.push_back(a);
    if ((from >= 0) != (to >= 0)) {
      const double part = from / (from - to);
      result.push_back({a.x + part * (b.x - a.x), a.y + part * (b.y - a.y)});
    }
  }
  return result;
}

double area(const std::vector<MapPoint>& polygon) {
  double twice = 0;
  for (size_t i = 0; i < polygon.size(); ++i) {
    const MapPoint& a = polygon[i];
    const MapPoint& b = polygon[(i + 1) % polygon.size()];
    twice += (a.x - polygon[0].x) * (b.y - polygon[0].y) - (b.x - polygon[0].x) * (a.y - polygon[0].y);
  }
  return std::abs(twice) / 2;
}

}  // namespace

SquareGrid::SquareGrid(const std::string& wkt, double side_m) : wkt_(wkt), name_(crs_name(wkt)) {
  const auto metres = metres_per_unit(wkt);
  if (!metres) throw DataError(fmt::format("{}: places cannot be cut in a system without units of length", name_));
  side_ = side_m / *metres;
}

MapBox SquareGrid::box(const SquareNumber& square) const {
  const double x = static_cast<double>(square.column) * side_, y = static_cast<double>(square.row) * side_;
  return {x, y, x + side_, y + side_};
}

PlaceGround SquareGrid::ground(const SquareNumber& square) const {
  const MapBox around = box(square);
  return {name_, around.min_x, around.min_y, around.max_x, around.max_y};
}

SquareNumber SquareGrid::containing(const MapPoint& point) const {
  return {static_cast<int64_t>(std::floor(point.y / side_)), static_cast<int64_t>(std::floor(point.x / side_))};
}

TargetGrid SquareGrid::cells(const SquareNumber& square, int64_t cells) const {
  const MapBox around = box(square);
  const double step = side_ / static_cast<double>(cells);
  return {wkt_, {around.min_x, step, 0, around.max_y, 0, -step}, cells, cells};
}

std::map<SquareNumber, double> SquareGrid::squares_under(const TargetGrid& raster) const {
  const std::vector<MapPoint> polygon = outline(raster, wkt_);
  std::map<SquareNumber, double> shares;
  if (polygon.empty()) return shares;
  const auto by_y = [](const MapPoint& a, const MapPoint& b) { return a.y < b.y; };
  const auto by_x = [](const MapPoint& a, const MapPoint& b) { return a.x < b.x; };
  const auto [south, north] = std::minmax_element(polygon.begin(), polygon.end(), by_y);
  for (int64_t row = containing(*south).row; row <= containing(*north).row; ++row) {
    const MapBox strip = box({row, 0});
    const auto above = clip(polygon, [&](const MapPoint& point) { return point.y - strip.min_y; });
    const auto within = clip(above, [&](const MapPoint& point) { return strip.max_y - point.y; });
    if (within.empty()) continue;
    const auto [west, east] = std::minmax_element(within.begin(), within.end(), by_x);
    for (int64_t column = containing(*west).column; column <= containing(*east).column; ++column) {
      const MapBox square = box({row, column});
      const auto right = clip(within, [&](const MapPoint& point) { return point.x - square.min_x; });
      const auto part = clip(right, [&](const MapPoint& point) { return square.max_x - point.x; });
      const double share = area(part) / (side_ * side_);
      if (share > 0) shares[{row, column}] = std::min(share, 1.0);
    }
  }
  return shares;
}

std::string cutting_crs(const TargetGrid& raster) {
  const auto metres = metres_per_unit(raster.wkt);
  if (metres == 1.0 && crs_name(raster.wkt) != "EPSG:3857") return raster.wkt;
  const auto centre = centre_lonlat_deg({raster.wkt, raster.transform}, raster.width, raster.height);
  if (!centre) throw DataError("no georeference");
  return utm_wkt(*centre);
}

}  // namespace skysense
