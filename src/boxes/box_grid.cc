#include "boxes/box_grid.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace skysense {
namespace {

// Cells are counted in int64: none is smaller than this part of the largest coordinate.
constexpr int kFinestBits = 40;

}  // namespace

BoxGrid::Cell BoxGrid::cell_of(double x, double y, double side) {
  return {static_cast<int64_t>(std::floor(y / side)), static_cast<int64_t>(std::floor(x / side))};
}

BoxGrid::BoxGrid(const std::vector<GridBox>& boxes) : order_(boxes.size()) {
  double reach = 1;
  for (const GridBox& box : boxes)
    reach = std::max({reach, std::abs(box.left), std::abs(box.top), std::abs(box.right), std::abs(box.bottom)});
  const int finest = std::ilogb(reach) - kFinestBits;
  struct Key {
    int64_t group;
    int level;
    Cell cell;
    auto operator<=>(const Key&) const = default;
  };
  std::vector<Key> keys;
  keys.reserve(boxes.size());
  for (const GridBox& box : boxes) {
    const double extent = std::max({box.right - box.left, box.bottom - box.top, 0.0});
    const int level = extent > 0 ? std::max(std::ilogb(extent) + 1, finest) : finest;
    const double x = box.left + (box.right - box.left) / 2, y = box.top + (box.bottom - box.top) / 2;
    keys.push_back({box.group, level, cell_of(x, y, std::ldexp(1.0, level))});
  }
  std::iota(order_.begin(), order_.end(), 0);
  std::sort(order_.begin(), order_.end(),
            [&](int64_t a, int64_t b) { return keys[a] != keys[b] ? keys[a] < keys[b] : a < b; });
  boxes_.reserve(boxes.size());
  cells_.reserve(boxes.size());
  place_layer_.reserve(boxes.size());
  const Key* previous = nullptr;
  int64_t group_begin = 0;
  const auto end_group = [&] {
    layers_of_.resize(layers_.size(), {group_begin, static_cast<int64_t>(layers_.size())});
    group_begin = static_cast<int64_t>(layers_.size());
  };
  for (int64_t place = 0; place < static_cast<int64_t>(order_.size()); ++place) {
    const Key& key = keys[order_[place]];
    const GridBox& box = boxes[order_[place]];
    if (previous != nullptr && previous->group != key.group) end_group();
    if (previous == nullptr || previous->group != key.group || previous->level != key.level)
      layers_.push_back({std::ldexp(1.0, key.level), place, place, box.area, box.area});
    previous = &key;
    Layer& layer = layers_.back();
    layer.end = place + 1;
    layer.smallest_area = std::min(layer.smallest_area, box.area);
    layer.largest_area = std::max(layer.largest_area, box.area);
    boxes_.push_back(box);
    cells_.push_back(key.cell);
    place_layer_.push_back(static_cast<int32_t>(layers_.size()) - 1);
  }
  end_group();
}

int64_t BoxGrid::find(int64_t begin, int64_t end, Cell cell) const {
  return std::lower_bound(cells_.begin() + begin, cells_.begin() + end, cell) - cells_.begin();
}

}  // namespace skysense
