#pragma once

#include <compare>
#include <map>
#include <string>

#include "core/place_index.h"
#include "raster/georeference.h"

namespace skysense {

/// One square of a SquareGrid: column and row count from the origin of the reference system, rows to the north.
struct SquareNumber {
  int64_t row = 0, column = 0;
  auto operator<=>(const SquareNumber&) const = default;
};

/// Squares of one size that fill a projected reference system from its origin, so that the same ground is cut the same
/// way whatever images are there.
class SquareGrid {
 public:
  /// Throws DataError for a reference system without units of length.
  SquareGrid(const std::string& wkt, double side_m);

  const std::string& wkt() const { return wkt_; }
  MapBox box(const SquareNumber& square) const;
  PlaceGround ground(const SquareNumber& square) const;
  SquareNumber containing(const MapPoint& point) const;
  /// `cells` x `cells` cells over the square.
  TargetGrid cells(const SquareNumber& square, int64_t cells) const;

  /// The squares that a raster of that grid meets, and the share of each that it covers, 0 to 1. The raster's outline
  /// is carried over point by point (16 an edge). Empty where no transformation exists or the outline has no image.
  std::map<SquareNumber, double> squares_under(const TargetGrid& raster) const;

 private:
  std::string wkt_, name_;
  double side_;  // in units of the reference system
};

/// The reference system in which the raster's ground is cut: its own where that is projected in metres (Web Mercator,
/// whose metres are none away from the equator, aside), else the UTM zone of its middle. Throws DataError without a
/// georeference.
std::string cutting_crs(const TargetGrid& raster);

}  // namespace skysense
