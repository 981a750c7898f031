#pragma once

#include <array>
#include <optional>

#include "core/oriented_box.h"
#include "raster/coordinate_transform.h"
#include "raster/georeference.h"

namespace skysense {

/// An oriented box of a raster's pixels on the ground.
struct GroundBox {
  std::array<MapPoint, 4> corners;  ///< in map units, in the order of OrientedBox::corners
  MapPoint centre;                  ///< in map units
  std::optional<MapPoint> lonlat;   ///< longitude and latitude of the centre, WGS 84, where the raster has a place
  double length = 0, width = 0;     ///< metres, or pixels without a place; length >= width
  double heading_deg = 0;           ///< of the length, see GroundMeasure; in [0, 180)
};

/// Measures boxes of a raster on the ground.
///
/// Sizes are metres on the WGS 84 ellipsoid, whatever the reference system: neither degrees nor the stretch of a
/// projection (Web Mercator's is twofold at 60 degrees) enter them. An axis is taken as straight in the ellipsoid's
/// plane at the box's middle, which errs by less than a millionth for objects up to 10 km. The heading is that of the
/// longer side, in degrees clockwise from true north; a box has no front, so it is known up to 180 degrees. In a raster
/// of pixels that are not square on the ground a turned box is a parallelogram: its sides are measured as they lie.
///
/// Where no transformation to longitude and latitude exists, units of the reference system and its grid's north stand
/// in; without a reference system, pixels and the picture's upper edge.
class GroundMeasure {
 public:
  explicit GroundMeasure(const Georeference& georeference);

  GroundBox measure(const OrientedBox& box) const;
  /// Sizes are metres.
  bool in_metres() const { return georeference_.known(); }

 private:
  Georeference georeference_;
  std::optional<CoordinateTransform> to_lonlat_;
  double metres_per_unit_ = 1;  // where there is no transformation
};

}  // namespace skysense
