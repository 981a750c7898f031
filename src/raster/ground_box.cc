#include "raster/ground_box.h"

#include <cmath>
#include <numbers>
#include <utility>

namespace skysense {
namespace {

constexpr double kRadian = std::numbers::pi / 180;
constexpr double kSemiMajor = 6378137, kFlattening = 1 / 298.257223563;  // WGS 84

/// East and north in metres of a small step in longitude and latitude (degrees) at a latitude.
MapPoint metres_of(MapPoint step_deg, double latitude_deg) {
  constexpr double kSquare = kFlattening * (2 - kFlattening);  // of the eccentricity
  const double sine = std::sin(latitude_deg * kRadian), w = 1 - kSquare * sine * sine;
  const double across = kSemiMajor / std::sqrt(w), along = kSemiMajor * (1 - kSquare) / (w * std::sqrt(w));
  const double east = std::remainder(step_deg.x, 360);
  return {east * kRadian * across * std::cos(latitude_deg * kRadian), step_deg.y * kRadian * along};
}

/// Of a step east and north, in [0, 180).
double heading_of(MapPoint step) {
  const double degrees = std::atan2(step.x, step.y) / kRadian;
  const double half_turn = degrees - 180 * std::floor(degrees / 180);
  return half_turn < 180 ? half_turn : 0;
}

MapPoint between(MapPoint a, MapPoint b) { return {(a.x + b.x) / 2, (a.y + b.y) / 2}; }

}  // namespace

GroundMeasure::GroundMeasure(const Georeference& georeference) {
  if (!georeference.known()) return;  // a transform alone is no place: pixels stay pixels
  georeference_ = georeference;
  to_lonlat_ = CoordinateTransform::between(georeference.wkt, wkt_from_text("EPSG:4326"));
  metres_per_unit_ = skysense::metres_per_unit(georeference.wkt).value_or(1);
}

GroundBox GroundMeasure::measure(const OrientedBox& box) const {
  GroundBox ground;
  const BoxCorners corners = box.corners();
  // Without a place pixels are kept as they are: x to the right, y downwards.
  for (size_t i = 0; i < 4; ++i) ground.corners[i] = georeference_.to_map({corners[i].x, corners[i].y});
  ground.centre = georeference_.to_map({box.x, box.y});
  const auto& c = ground.corners;
  // The middles of the four sides: the ends of both axes.
  std::array<MapPoint, 4> ends = {between(c[3], c[0]), between(c[1], c[2]), between(c[0], c[1]), between(c[2], c[3])};
  MapPoint length{ends[1].x - ends[0].x, ends[1].y - ends[0].y}, width{ends[3].x - ends[2].x, ends[3].y - ends[2].y};
  std::array<double, 5> x = {ends[0].x, ends[1].x, ends[2].x, ends[3].x, ground.centre.x},
                        y = {ends[0].y, ends[1].y, ends[2].y, ends[3].y, ground.centre.y};
  if (to_lonlat_ && to_lonlat_->apply(5, x.data(), y.data())) {
    ground.lonlat = MapPoint{x[4], y[4]};
    length = metres_of({x[1] - x[0], y[1] - y[0]}, y[4]);
    width = metres_of({x[3] - x[2], y[3] - y[2]}, y[4]);
  } else if (georeference_.known()) {
    length = {length.x * metres_per_unit_, length.y * metres_per_unit_};
    width = {width.x * metres_per_unit_, width.y * metres_per_unit_};
  } else {
    length.y = -length.y;  // rows grow downwards, headings count from the upper edge
    width.y = -width.y;
  }
  ground.length = std::hypot(length.x, length.y);
  ground.width = std::hypot(width.x, width.y);
  if (ground.width > ground.length) {
    std::swap(ground.length, ground.width);
    std::swap(length, width);
  }
  ground.heading_deg = heading_of(length);
  return ground;
}

}  // namespace skysense
