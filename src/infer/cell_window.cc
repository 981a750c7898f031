#include "infer/cell_window.h"

#include <algorithm>

namespace skysense {

CellWindow CellWindow::intersect(const CellWindow& other) const {
  const int64_t top = std::max(row, other.row), left = std::max(column, other.column);
  const int64_t bottom = std::min(row_end(), other.row_end()), right = std::min(column_end(), other.column_end());
  return {top, left, std::max<int64_t>(0, bottom - top), std::max<int64_t>(0, right - left)};
}

CellWindow CellWindow::unite(const CellWindow& other) const {
  if (empty()) return other;
  if (other.empty()) return *this;
  const int64_t top = std::min(row, other.row), left = std::min(column, other.column);
  return {top, left, std::max(row_end(), other.row_end()) - top, std::max(column_end(), other.column_end()) - left};
}

}  // namespace skysense
