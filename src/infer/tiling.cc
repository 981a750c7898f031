#include "infer/tiling.h"

#include <algorithm>
#include <stdexcept>

namespace skysense {
namespace {

/// The largest divisor of the batch that is not above its square root: as square a rectangle as the number allows.
int64_t rows_of(int64_t batch) {
  int64_t rows = 1;
  for (int64_t candidate = 1; candidate * candidate <= batch; ++candidate) {
    if (batch % candidate == 0) rows = candidate;
  }
  return rows;
}

}  // namespace

Tiling::Tiling(int64_t tile, int64_t overlap, int64_t batch) : tile_(tile), overlap_(overlap) {
  if (tile < 1 || batch < 1) throw std::logic_error("a tiling needs tiles and batches of at least one");
  // With more than half shared, three tiles would meet in a cell and the trapezoids no longer sum to 1.
  if (overlap < 0 || 2 * overlap > tile) throw std::logic_error("tiles may share at most half with the next one");
  group_rows_ = rows_of(batch);
  group_columns_ = batch / group_rows_;
}

CellWindow Tiling::cells(const TileGroup& group) const {
  return {group.row * group_rows_ * stride(), group.column * group_columns_ * stride(), group_height(), group_width()};
}

CellWindow Tiling::own_cells(const TileGroup& group) const {
  const int64_t rows = group_rows_ * stride(), columns = group_columns_ * stride();
  return {group.row * rows, group.column * columns, rows, columns};
}

std::vector<TileGroup> Tiling::groups_touching(const CellWindow& window) const {
  const int64_t row_step = group_rows_ * stride(), column_step = group_columns_ * stride();
  const int64_t first_row = floor_divide(window.row - group_height(), row_step) + 1;
  const int64_t first_column = floor_divide(window.column - group_width(), column_step) + 1;
  std::vector<TileGroup> groups;
  for (int64_t row = first_row; row * row_step < window.row_end(); ++row) {
    for (int64_t column = first_column; column * column_step < window.column_end(); ++column)
      groups.push_back({row, column});
  }
  return groups;
}

std::vector<float> Tiling::ramp() const {
  std::vector<float> weights(tile_);
  const int64_t top = overlap_ + 1;
  for (int64_t i = 0; i < tile_; ++i) {
    weights[i] = static_cast<float>(std::min({i + 1, tile_ - i, top})) / static_cast<float>(top);
  }
  return weights;
}

}  // namespace skysense
