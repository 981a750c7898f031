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

CellWindow touched(double left, double top, double right, double bottom) {
  const auto column = static_cast<int64_t>(std::floor(left + kTouch)),
             row = static_cast<int64_t>(std::floor(top + kTouch));
  return {row, column, static_cast<int64_t>(std::ceil(bottom - kTouch)) - row,
          static_cast<int64_t>(std::ceil(right - kTouch)) - column};
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

CellWindow CellGrid::covering(int64_t width, int64_t height) const {
  const int64_t row = floor_divide(first_row_, pixels_per_cell_),
                column = floor_divide(first_column_, pixels_per_cell_);
  return {row, column, ceil_divide(first_row_ + height, pixels_per_cell_) - row,
          ceil_divide(first_column_ + width, pixels_per_cell_) - column};
}

CellWindow CellGrid::covering(const Georeference& georeference, int64_t width, int64_t height) const {
  const double w = static_cast<double>(width), h = static_cast<double>(height);
  const PixelPoint a = to_cells(georeference.to_map({0, 0})), b = to_cells(georeference.to_map({w, 0})),
                   c = to_cells(georeference.to_map({0, h})), d = to_cells(georeference.to_map({w, h}));
  return touched(std::min({a.x, b.x, c.x, d.x}), std::min({a.y, b.y, c.y, d.y}), std::max({a.x, b.x, c.x, d.x}),
                 std::max({a.y, b.y, c.y, d.y}));
}

CellWindow CellGrid::covering(const MapBox& box) const {
  const PixelPoint a = to_cells({box.min_x, box.min_y}), b = to_cells({box.min_x, box.max_y}),
                   c = to_cells({box.max_x, box.min_y}), d = to_cells({box.max_x, box.max_y});
  return touched(std::min({a.x, b.x, c.x, d.x}), std::min({a.y, b.y, c.y, d.y}), std::max({a.x, b.x, c.x, d.x}),
                 std::max({a.y, b.y, c.y, d.y}));
}

CellWindow CellGrid::cell_of(MapPoint point) const {
  const PixelPoint cell = to_cells(point);
  return {static_cast<int64_t>(std::floor(cell.y)), static_cast<int64_t>(std::floor(cell.x)), 1, 1};
}

Georeference CellGrid::georeference(const CellWindow& window, int64_t divisions) const {
  return reference_.moved(reference_pixel(window),
                          static_cast<double>(pixels_per_cell_) / static_cast<double>(divisions));
}

PixelPoint CellGrid::reference_pixel(const CellWindow& window) const {
  return {static_cast<double>(window.column * pixels_per_cell_ - first_column_),
          static_cast<double>(window.row * pixels_per_cell_ - first_row_)};
}

PixelPoint CellGrid::to_cells(MapPoint point) const {
  const PixelPoint pixel = reference_.to_pixel(point);
  const double side = static_cast<double>(pixels_per_cell_);
  return {(pixel.x + static_cast<double>(first_column_)) / side, (pixel.y + static_cast<double>(first_row_)) / side};
}

}  // namespace skysense
