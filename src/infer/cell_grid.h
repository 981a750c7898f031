#pragma once

#include <array>

#include "infer/cell_window.h"
#include "raster/georeference.h"

namespace skysense {

/// The grid of output cells over a scene: squares of `pixels_per_cell` reference pixels a side.
///
/// It is anchored to the coordinate reference system: pixel numbers count from the CRS origin along the reference's
/// pixel grid (whose sub-pixel phase is kept, so that nothing is resampled), and cells are blocks of whole numbers of
/// them. Two files cut out of one raster therefore have the same cells. Without a georeference the anchor is the first
/// pixel's corner. Rotated and south-up rasters are treated alike: "along the grid" is all that counts.
class CellGrid {
 public:
  /// `reference` is the georeference of the raster that sets the resolution. pixels_per_cell >= 1.
  CellGrid(const Georeference& reference, int64_t pixels_per_cell);

  int64_t pixels_per_cell() const { return pixels_per_cell_; }
  /// Side of a cell in map units: the geometric mean of its two sides.
  double cell_side() const;
  const Georeference& reference() const { return reference_; }

  /// The cells that pixels of the reference touch.
  CellWindow covering(const PixelWindow& pixels) const;
  /// The cells that the raster of another georeference touches (same CRS).
  CellWindow covering(const Georeference& georeference, int64_t width, int64_t height) const;
  /// The cells that a box in map units touches; a cell touched only along an edge does not count.
  CellWindow covering(const MapBox& box) const;
  /// The cell that holds a map point, as a window of one.
  CellWindow cell_of(MapPoint point) const;

  /// Georeference of the raster whose pixels are the window's cells divided into `divisions` x `divisions`.
  Georeference georeference(const CellWindow& window, int64_t divisions = 1) const;
  /// The reference's own pixels that the window consists of.
  PixelWindow pixels_of(const CellWindow& window) const;
  /// The reference's pixels, beyond its edges too, that a box in map units touches.
  PixelWindow pixels_touching(const MapBox& box) const;
  /// The same for the raster of another georeference (same CRS).
  PixelWindow pixels_touching(const Georeference& georeference, int64_t width, int64_t height) const;

 private:
  /// Cell coordinates (fractions) of a map point: x along columns, y along rows.
  PixelPoint to_cells(MapPoint point) const;
  CellWindow touched_cells(const std::array<MapPoint, 4>& corners) const;
  PixelWindow touched_pixels(const std::array<MapPoint, 4>& corners) const;

  Georeference reference_;
  int64_t pixels_per_cell_;
  int64_t first_column_, first_row_;  ///< number of the reference's first pixel, counted from the anchor
};

}  // namespace skysense
