#pragma once

#include <cstdint>
#include <vector>

#include "infer/cell_window.h"

namespace skysense {

/// A batch of neighbouring tiles by its place on the grid of batches.
struct TileGroup {
  int64_t row = 0, column = 0;
  auto operator<=>(const TileGroup&) const = default;
};

/// How the plane of cells is cut into overlapping tiles, and tiles into batches.
///
/// Tile (i, j) covers the cells from (i, j) * stride on, a batch is a rectangle of group_rows x group_columns tiles
/// whose numbers are multiples of it: both are fixed on the cell grid, whatever scene or box is asked for. So a tile
/// always stands at the same place of a batch of the same shape with the same neighbours, and its values are the same
/// bits.
class Tiling {
 public:
  /// `tile` cells a side, of which `overlap` (at most half) are shared with the next; `batch` tiles run together.
  /// Throws std::logic_error for other sizes.
  Tiling(int64_t tile, int64_t overlap, int64_t batch);

  int64_t tile() const { return tile_; }
  int64_t stride() const { return tile_ - overlap_; }
  int64_t batch() const { return group_rows_ * group_columns_; }
  int64_t group_rows() const { return group_rows_; }
  int64_t group_columns() const { return group_columns_; }
  /// Sides of the rectangle of cells that a batch covers.
  int64_t group_height() const { return (group_rows_ - 1) * stride() + tile_; }
  int64_t group_width() const { return (group_columns_ - 1) * stride() + tile_; }

  /// The cells that a batch covers.
  CellWindow cells(const TileGroup& group) const;
  /// The cells of which a batch is the first owner: these windows part the plane.
  CellWindow own_cells(const TileGroup& group) const;
  /// The batches that a window needs, row by row.
  std::vector<TileGroup> groups_touching(const CellWindow& window) const;
  /// Blending weight along one side of a tile [tile]: a trapezoid, so that the weights of overlapping tiles sum to 1.
  std::vector<float> ramp() const;

 private:
  int64_t tile_, overlap_, group_rows_, group_columns_;
};

}  // namespace skysense
