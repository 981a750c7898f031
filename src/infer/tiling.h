#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "infer/cell_window.h"

namespace skysense {

/// A batch of neighbouring tiles by its place on the grid of batches.
struct TileGroup {
  int64_t row = 0, column = 0;
  auto operator<=>(const TileGroup&) const = default;
};

/// How the values of overlapping tiles are weighed. Both reach from 0 to 1 over the overlap and add up to 1.
enum class BlendWindow {
  kTrapezoid,  ///< in a straight line
  kHann,       ///< along a raised cosine, which trusts the middle of a tile more
};

/// "trapezoid" or "hann". Throws UsageError that lists the names.
BlendWindow parse_blend_window(std::string_view name);
std::string_view blend_window_name(BlendWindow window);

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
  Tiling(int64_t tile, int64_t overlap, int64_t batch, BlendWindow window = BlendWindow::kTrapezoid);

  /// The same tiles for a scene of that extent only: those are left out whose cells of it others hold as well, and the
  /// outermost tiles that are left do not fade towards the scene's edge. What is left depends on the extent alone, and
  /// from one tile inside its edge on nothing changes.
  Tiling within(const CellWindow& extent) const;
  /// The same tiles over all of the plane.
  Tiling endless() const { return Tiling(tile_, overlap_, batch(), window_); }

  int64_t tile() const { return tile_; }
  int64_t stride() const { return tile_ - overlap_; }
  int64_t batch() const { return group_rows_ * group_columns_; }
  int64_t group_rows() const { return group_rows_; }
  int64_t group_columns() const { return group_columns_; }
  /// Sides of the rectangle of cells that a batch covers.
  int64_t group_height() const { return (group_rows_ - 1) * stride() + tile_; }
  int64_t group_width() const { return (group_columns_ - 1) * stride() + tile_; }

  /// "tile 64 stride 48 batch 2 x 2": for provenance.
  std::string text() const;

  /// The cells that a batch covers.
  CellWindow cells(const TileGroup& group) const;
  /// The cells of which a batch is the first owner: these windows part the plane.
  CellWindow own_cells(const TileGroup& group) const;
  /// The batches that a window needs, row by row.
  std::vector<TileGroup> groups_touching(const CellWindow& window) const;
  /// Whether the tile of that row and column of tiles is not left out.
  bool has_tile(int64_t row, int64_t column) const;
  /// How many tiles of a batch are not left out.
  int64_t tiles_in(const TileGroup& group) const;
  /// Blending weights down a tile of that row of tiles [tile * divisions]; those of all tiles over a cell sum to 1.
  /// All 0 for tiles that are left out.
  std::vector<float> row_ramp(int64_t row, int64_t divisions) const { return ramp(row, rows_, divisions); }
  /// The same along a tile of that column of tiles.
  std::vector<float> column_ramp(int64_t column, int64_t divisions) const { return ramp(column, columns_, divisions); }

 private:
  /// Numbers of the first and last tile along one axis.
  struct TileRange {
    int64_t first, last;
  };
  std::vector<float> ramp(int64_t number, const std::optional<TileRange>& range, int64_t divisions) const;

  int64_t tile_, overlap_, group_rows_, group_columns_;
  BlendWindow window_;
  std::optional<TileRange> rows_, columns_;  // nothing: without end
};

}  // namespace skysense
