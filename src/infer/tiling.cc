#include "infer/tiling.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <utility>

#include "core/error.h"

namespace skysense {
namespace {

constexpr std::array<std::pair<BlendWindow, std::string_view>, 2> kWindows = {
    {{BlendWindow::kTrapezoid, "trapezoid"}, {BlendWindow::kHann, "hann"}}};

/// The largest divisor of the batch that is not above its square root: as square a rectangle as the number allows.
int64_t rows_of(int64_t batch) {
  int64_t rows = 1;
  for (int64_t candidate = 1; candidate * candidate <= batch; ++candidate) {
    if (batch % candidate == 0) rows = candidate;
  }
  return rows;
}

/// Weight at the i-th of `count` pixels of an overlap, coming from the outside.
float fade(BlendWindow window, int64_t i, int64_t count) {
  if (window == BlendWindow::kTrapezoid) return static_cast<float>(i + 1) / static_cast<float>(count + 1);
  const double sine = std::sin(0.5 * std::numbers::pi * (static_cast<double>(i) + 0.5) / static_cast<double>(count));
  return static_cast<float>(sine * sine);
}

}  // namespace

BlendWindow parse_blend_window(std::string_view name) {
  for (const auto& [window, known] : kWindows) {
    if (known == name) return window;
  }
  throw UsageError(fmt::format("unknown window {}: expected trapezoid or hann", name));
}

std::string_view blend_window_name(BlendWindow window) {
  for (const auto& [kind, name] : kWindows) {
    if (kind == window) return name;
  }
  throw std::logic_error("unknown blend window");
}

Tiling::Tiling(int64_t tile, int64_t overlap, int64_t batch, BlendWindow window)
    : tile_(tile), overlap_(overlap), window_(window) {
  if (tile < 1 || batch < 1) throw std::logic_error("a tiling needs tiles and batches of at least one");
  // With more than half shared, three tiles would meet in a cell and the weights no longer sum to 1.
  if (overlap < 0 || 2 * overlap > tile) throw std::logic_error("tiles may share at most half with the next one");
  group_rows_ = rows_of(batch);
  group_columns_ = batch / group_rows_;
}

Tiling Tiling::within(const CellWindow& extent) const {
  const auto range = [this](int64_t begin, int64_t end) {
    const int64_t first = floor_divide(begin, stride());
    return TileRange{first, std::max(first, ceil_divide(end - tile_, stride()))};
  };
  Tiling tiling = *this;
  tiling.rows_ = range(extent.row, extent.row_end());
  tiling.columns_ = range(extent.column, extent.column_end());
  return tiling;
}

std::string Tiling::text() const {
  return fmt::format("tile {} stride {} batch {} x {}", tile_, stride(), group_rows_, group_columns_);
}

CellWindow Tiling::cells(const TileGroup& group) const {
  return {group.row * group_rows_ * stride(), group.column * group_columns_ * stride(), group_height(), group_width()};
}

CellWindow Tiling::own_cells(const TileGroup& group) const {
  CellWindow own{group.row * group_rows_ * stride(), group.column * group_columns_ * stride(), group_rows_ * stride(),
                 group_columns_ * stride()};
  // Nobody comes after the last ones.
  if (rows_ && group.row == floor_divide(rows_->last, group_rows_)) own.rows = group_height();
  if (columns_ && group.column == floor_divide(columns_->last, group_columns_)) own.columns = group_width();
  return own;
}

std::vector<TileGroup> Tiling::groups_touching(const CellWindow& window) const {
  const int64_t row_step = group_rows_ * stride(), column_step = group_columns_ * stride();
  TileRange rows{floor_divide(window.row - group_height(), row_step) + 1, floor_divide(window.row_end() - 1, row_step)};
  TileRange columns{floor_divide(window.column - group_width(), column_step) + 1,
                    floor_divide(window.column_end() - 1, column_step)};
  const auto restrict_to = [](TileRange& groups, const std::optional<TileRange>& tiles, int64_t per_group) {
    if (!tiles) return;
    groups.first = std::max(groups.first, floor_divide(tiles->first, per_group));
    groups.last = std::min(groups.last, floor_divide(tiles->last, per_group));
  };
  restrict_to(rows, rows_, group_rows_);
  restrict_to(columns, columns_, group_columns_);
  std::vector<TileGroup> groups;
  for (int64_t row = rows.first; row <= rows.last; ++row) {
    for (int64_t column = columns.first; column <= columns.last; ++column) groups.push_back({row, column});
  }
  return groups;
}

bool Tiling::has_tile(int64_t row, int64_t column) const {
  const auto inside = [](int64_t number, const std::optional<TileRange>& range) {
    return !range || (number >= range->first && number <= range->last);
  };
  return inside(row, rows_) && inside(column, columns_);
}

int64_t Tiling::tiles_in(const TileGroup& group) const {
  int64_t count = 0;
  for (int64_t row = 0; row < group_rows_; ++row) {
    for (int64_t column = 0; column < group_columns_; ++column)
      count += has_tile(group.row * group_rows_ + row, group.column * group_columns_ + column) ? 1 : 0;
  }
  return count;
}

std::vector<float> Tiling::ramp(int64_t number, const std::optional<TileRange>& range, int64_t divisions) const {
  const int64_t side = tile_ * divisions, shared = overlap_ * divisions;
  if (range && (number < range->first || number > range->last)) return std::vector<float>(side, 0.0f);
  std::vector<float> weights(side, 1.0f);
  for (int64_t i = 0; i < shared; ++i) {
    if (!range || number != range->first) weights[i] = fade(window_, i, shared);
    if (!range || number != range->last) weights[side - 1 - i] = fade(window_, i, shared);
  }
  return weights;
}

}  // namespace skysense
