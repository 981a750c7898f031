#include "raster/pixel_area.h"

#include <ogr_spatialref.h>

#include <cmath>
#include <numbers>

#include "raster/coordinate_transform.h"
#include "raster/gdal_call.h"

namespace skysense {
namespace {

constexpr double kDegree = std::numbers::pi / 180;

double unit_area(const Georeference& georeference) {
  const auto& t = georeference.transform;
  return std::abs(t[1] * t[5] - t[2] * t[4]);
}

}  // namespace

std::optional<PixelArea> PixelArea::of(const Georeference& georeference) {
  const GdalCall call("coordinate reference system");
  OGRSpatialReference crs;
  if (!georeference.known() || crs.importFromWkt(georeference.wkt.c_str()) != OGRERR_NONE) return std::nullopt;
  if (!crs.IsProjected() && !crs.IsGeographic()) return std::nullopt;
  PixelArea area;
  area.georeference_ = georeference;
  area.geographic_ = crs.IsGeographic();
  area.north_up_ = georeference.transform[2] == 0 && georeference.transform[4] == 0;
  area.unit_ = area.geographic_ ? crs.GetAngularUnits() : crs.GetLinearUnits();
  area.semi_major_m_ = crs.GetSemiMajor();
  const double inverse = crs.GetInvFlattening();
  const double flattening = inverse > 0 ? 1 / inverse : 0;
  area.eccentricity_ = std::sqrt(flattening * (2 - flattening));
  return area;
}

double PixelArea::to_latitude(double latitude) const {
  // Snyder, Map Projections (USGS 1395), eq. 3-12: the authalic latitude's q, of which the area is a half.
  const double s = std::sin(latitude), e = eccentricity_;
  if (e == 0) return semi_major_m_ * semi_major_m_ * s;
  const double q = s / (1 - e * e * s * s) + std::atanh(e * s) / e;
  return 0.5 * semi_major_m_ * semi_major_m_ * (1 - e * e) * q;
}

double PixelArea::square_metres(int64_t row, int64_t column) const {
  const double size = unit_area(georeference_) * unit_ * unit_;
  if (!geographic_) return size;
  const auto& t = georeference_.transform;
  const double y = static_cast<double>(row), x = static_cast<double>(column);
  if (north_up_) {
    const double top = (t[3] + t[5] * y) * unit_, bottom = (t[3] + t[5] * (y + 1)) * unit_;
    return std::abs(t[1]) * unit_ * std::abs(to_latitude(top) - to_latitude(bottom));
  }
  const double latitude = georeference_.to_map({x + 0.5, y + 0.5}).y * unit_;
  const double s = std::sin(latitude), e2 = eccentricity_ * eccentricity_, w = 1 - e2 * s * s;
  return size * std::cos(latitude) * semi_major_m_ * semi_major_m_ * (1 - e2) / (w * w);
}

std::optional<double> area_stretch(const Georeference& georeference, int64_t width, int64_t height) {
  const auto own = PixelArea::of(georeference);
  const std::optional<double> metres = metres_per_unit(georeference.wkt);
  if (!own || !metres) return std::nullopt;
  const auto transform = CoordinateTransform::between(georeference.wkt, wkt_from_text("EPSG:4326"));
  if (!transform) return std::nullopt;
  const double x = 0.5 * static_cast<double>(width), y = 0.5 * static_cast<double>(height);
  double lon[3], lat[3];
  const PixelPoint corners[3] = {{x, y}, {x + 1, y}, {x, y + 1}};
  for (int i = 0; i < 3; ++i) {
    const MapPoint point = georeference.to_map(corners[i]);
    lon[i] = point.x;
    lat[i] = point.y;
  }
  if (!transform->apply(3, lon, lat)) return std::nullopt;
  // The pixel as a parallelogram of degrees, as a geographic raster has it.
  const Georeference degrees{wkt_from_text("EPSG:4326"),
                             {lon[0], lon[1] - lon[0], lon[2] - lon[0], lat[0], lat[1] - lat[0], lat[2] - lat[0]}};
  const auto ground = PixelArea::of(degrees);
  if (!ground) return std::nullopt;
  return own->square_metres(0, 0) / ground->square_metres(0, 0);
}

}  // namespace skysense
