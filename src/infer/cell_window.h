#pragma once

#include <cstdint>

namespace skysense {

/// Quotient rounded towards minus infinity; the divisor is positive.
constexpr int64_t floor_divide(int64_t value, int64_t divisor) {
  return value / divisor - (value % divisor != 0 && value < 0 ? 1 : 0);
}
constexpr int64_t ceil_divide(int64_t value, int64_t divisor) { return -floor_divide(-value, divisor); }

/// A rectangle of output cells by their numbers on the scene's cell grid. Numbers count from the grid's anchor, not
/// from the scene's corner, and may be negative; rows grow downwards.
struct CellWindow {
  int64_t row = 0, column = 0, rows = 0, columns = 0;

  int64_t cells() const { return rows * columns; }
  bool empty() const { return rows <= 0 || columns <= 0; }
  int64_t row_end() const { return row + rows; }
  int64_t column_end() const { return column + columns; }
  /// The part that both cover; empty where they do not meet.
  CellWindow intersect(const CellWindow& other) const;
  /// The smallest window round both.
  CellWindow unite(const CellWindow& other) const;
  bool operator==(const CellWindow&) const = default;
};

}  // namespace skysense
