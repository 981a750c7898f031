#include "infer/scene_seams.h"

#include <limits>

namespace skysense {

SceneSeams::SceneSeams(const Tiling& tiling, int64_t divisions, PixelPoint origin)
    : tiling_(tiling), pixels_(static_cast<double>(divisions)), origin_(origin) {}

bool SceneSeams::has(const TileGroup& group, int64_t tile) const {
  return tiling_.has_tile(group.row * tiling_.group_rows() + tile / tiling_.group_columns(),
                          group.column * tiling_.group_columns() + tile % tiling_.group_columns());
}

UprightBox SceneSeams::bounds(const TileGroup& group, int64_t tile) const {
  const CellWindow cells = tiling_.cells(group);
  const auto row = static_cast<double>(cells.row + tile / tiling_.group_columns() * tiling_.stride()),
             column = static_cast<double>(cells.column + tile % tiling_.group_columns() * tiling_.stride()),
             side = static_cast<double>(tiling_.tile()) * pixels_;
  const double left = origin_.x + column * pixels_, top = origin_.y + row * pixels_;
  return {left, top, left + side, top + side};
}

std::vector<FoundObject> SceneSeams::before(const TileGroup& group) {
  if (row_ == group.row) return {};
  row_ = group.row;
  return merge_.take(bounds(group, 0).top);
}

void SceneSeams::add(const TileGroup& group, int64_t tile, std::vector<FoundObject> objects) {
  constexpr double kEndless = std::numeric_limits<double>::infinity();
  const int64_t row = group.row * tiling_.group_rows() + tile / tiling_.group_columns(),
                column = group.column * tiling_.group_columns() + tile % tiling_.group_columns();
  const UprightBox own = bounds(group, tile);
  UprightBox seen = own;
  if (!tiling_.has_tile(row - 1, column)) seen.top = -kEndless;
  if (!tiling_.has_tile(row + 1, column)) seen.bottom = kEndless;
  if (!tiling_.has_tile(row, column - 1)) seen.left = -kEndless;
  if (!tiling_.has_tile(row, column + 1)) seen.right = kEndless;
  for (FoundObject& object : objects) {
    object.box.x += own.left;
    object.box.y += own.top;
  }
  merge_.add({.bounds = own, .seen = seen}, objects);
}

}  // namespace skysense
