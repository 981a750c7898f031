#include "infer/cell_grid.h"

#include <algorithm>
#include <cmath>

namespace skysense {
namespace {

// Corners of pixels lie on multiples of the pixel (most products) or half-way between (pixel-centre conventions).
// Rounding switches at neither, so that the noise in a file's transform cannot move its anchor by a pixel.
constexpr double kRoundingPoint = 0.31;
// A box that reaches into a cell by less than this part of it does not touch it: noise in typed coordinates.
constexpr double kTouch = 1e-6;

int64_t anchored(double pixels) { return static_cast<int64_t>(std::floor(pixels + kRoundingPoint)); }

/// The whole squares that a quadrilateral's surrounding box touches.
PixelWindow touched(const std::array<PixelPoint, 4>& corners) {
  double left = corners[0].x, right = left, top = corners[0].y, bottom = top;
  for (const PixelPoint& corner : corners) {
    left = std::min(left, corner.x);
    right = std::max(right, corner.x);
    top = std::min(top, corner.y);
    bottom = std::max(bottom, corner.y);
  }
  const auto column = static_cast<int64_t>(std::floor(left + kTouch)),
             row = static_cast<int64_t>(std::floor(top + kTouch));
  return {column, row, static_cast<int64_t>(std::ceil(right - kTouch)) - column,
          static_cast<int64_t>(std::ceil(bottom - kTouch)) - row};
}

std::array<MapPoint, 4> corners_of(const MapBox& box) {
  return {{{box.min_x, box.min_y}, {box.min_x, box.max_y}, {box.max_x, box.min_y}, {box.max_x, box.max_y}}};
}

std::array<MapPoint, 4> corners_of(const Georeference& georeference, int64_t width, int64_t height) {
  const double w = static_cast<double>(width), h = static_cast<double>(height);
  return {{georeference.to_map({0, 0}), georeference.to_map({w, 0}), georeference.to_map({0, h}),
           georeference.to_map({w, h})}};
}

}  // namespace

CellGrid::CellGrid(const Georeference& reference, int64_t pixels_per_cell)
    : reference_(reference), pixels_per_cell_(pixels_per_cell) {
  const PixelPoint origin = reference.to_pixel({0, 0});
  first_column_ = anchored(-origin.x);
  first_row_ = anchored(-origin.y);
}

double CellGrid::cell_side() const {
  const auto& t = reference_.transform;
  return std::sqrt(std::abs(t[1] * t[5] - t[2] * t[4])) * static_cast<double>(pixels_per_cell_);
}

CellWindow CellGrid::covering(const PixelWindow& pixels) const {
  const int64_t top = first_row_ + pixels.y, left = first_column_ + pixels.x;
  const int64_t row = floor_divide(top, pixels_per_cell_), column = floor_divide(left, pixels_per_cell_);
  return {row, column, ceil_divide(top + pixels.height, pixels_per_cell_) - row,
          ceil_divide(left + pixels.width, pixels_per_cell_) - column};
}

CellWindow CellGrid::covering(const Georeference& georeference, int64_t width, int64_t height) const {
  return touched_cells(corners_of(georeference, width, height));
}

CellWindow CellGrid::covering(const MapBox& box) const { return touched_cells(corners_of(box)); }

CellWindow CellGrid::cell_of(MapPoint point) const {
  const PixelPoint cell = to_cells(point);
  return {static_cast<int64_t>(std::floor(cell.y)), static_cast<int64_t>(std::floor(cell.x)), 1, 1};
}

Georeference CellGrid::georeference(const CellWindow& window, int64_t divisions) const {
  const PixelWindow pixels = pixels_of(window);
  return reference_.moved({static_cast<double>(pixels.x), static_cast<double>(pixels.y)},
                          static_cast<double>(pixels_per_cell_) / static_cast<double>(divisions));
}

PixelWindow CellGrid::pixels_of(const CellWindow& window) const {
  return {window.column * pixels_per_cell_ - first_column_, window.row * pixels_per_cell_ - first_row_,
          window.columns * pixels_per_cell_, window.rows * pixels_per_cell_};
}

PixelWindow CellGrid::pixels_touching(const MapBox& box) const { return touched_pixels(corners_of(box)); }

PixelWindow CellGrid::pixels_touching(const Georeference& georeference, int64_t width, int64_t height) const {
  return touched_pixels(corners_of(georeference, width, height));
}

CellWindow CellGrid::touched_cells(const std::array<MapPoint, 4>& corners) const {
  std::array<PixelPoint, 4> cells;
  std::transform(corners.begin(), corners.end(), cells.begin(), [this](MapPoint corner) { return to_cells(corner); });
  const PixelWindow window = touched(cells);
  return {window.y, window.x, window.height, window.width};
}

PixelWindow CellGrid::touched_pixels(const std::array<MapPoint, 4>& corners) const {
  std::array<PixelPoint, 4> pixels;
  std::transform(corners.begin(), corners.end(), pixels.begin(),
                 [this](MapPoint corner) { return reference_.to_pixel(corner); });
  return touched(pixels);
}

PixelPoint CellGrid::to_cells(MapPoint point) const {
  const PixelPoint pixel = reference_.to_pixel(point);
  const double side = static_cast<double>(pixels_per_cell_);
  return {(pixel.x + static_cast<double>(first_column_)) / side, (pixel.y + static_cast<double>(first_row_)) / side};
}

}  // namespace skysense
