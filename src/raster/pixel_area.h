#pragma once

#include <cstdint>
#include <optional>

#include "raster/georeference.h"

namespace skysense {

/// The ground area of a raster's pixels. In a projected reference system it is the pixel's area in its units: the
/// projection's own, which equal-area projections and UTM (within 0.3%) keep. In a geographic one it is that of the
/// ellipsoid's surface, exact between parallels (north-up rasters), else by the curvature at the pixel's middle.
class PixelArea {
 public:
  /// Nothing without a reference system, or in one that is neither projected nor geographic.
  static std::optional<PixelArea> of(const Georeference& georeference);

  /// Square metres of the pixel.
  double square_metres(int64_t row, int64_t column) const;
  /// All pixels of a row are alike.
  bool same_along_rows() const { return !geographic_ || north_up_; }

 private:
  PixelArea() = default;
  /// Area from the equator to a latitude in radians, for a radian of longitude.
  double to_latitude(double latitude) const;

  Georeference georeference_;
  bool geographic_ = false, north_up_ = false;
  double unit_ = 1;  // metres, or radians, a unit
  double semi_major_m_ = 0, eccentricity_ = 0;
};

/// How much larger a projected raster's pixels are at its middle than the ground that they show: 1 for equal area, 4
/// for Web Mercator at 60 degrees of latitude. Nothing where it is not known, and for geographic systems.
std::optional<double> area_stretch(const Georeference& georeference, int64_t width, int64_t height);

}  // namespace skysense
