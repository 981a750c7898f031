#pragma once

#include <cstdint>
#include <vector>

namespace skysense {

/// A piece of the globe between two parallels and two meridians, degrees.
struct RegionBounds {
  double west, south, east, north;
};

/// The globe in equal-area regions of bounded diameter (paper App. A.3): the zonal partition of P. Leopardi ("A
/// partition of the unit sphere into regions of equal area and small diameter", ETNA 25, 2006): a cap about each pole
/// and between them collars, each cut by meridians into as many regions as makes these near square. On a sphere, of
/// which geodetic latitudes are taken as the sphere's own: the true areas of the ellipsoid differ by up to 1%.
/// Regions are numbered from the north pole to the south pole and in each collar from 180 degrees west to the east.
class EarthRegions {
 public:
  /// Any number of regions from 1 on. Throws std::invalid_argument for less.
  explicit EarthRegions(int64_t count);
  int64_t count() const { return first_of_collar_.back(); }
  /// The one region that holds a point: borders belong to the region in the south or in the east of them, and 180
  /// degrees east is 180 degrees west. Longitudes are taken modulo 360. Throws DataError for a latitude beyond the
  /// poles and for numbers that are not finite.
  int64_t region_of(double longitude_deg, double latitude_deg) const;
  /// Throws std::out_of_range.
  RegionBounds bounds_of(int64_t region) const;

 private:
  /// The number of the first region of each collar from the north, caps included, and last the number of all regions.
  /// This says everything: a collar's area is its number of regions, and its parallels follow.
  std::vector<int64_t> first_of_collar_;
};

}  // namespace skysense
