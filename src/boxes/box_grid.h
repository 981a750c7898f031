#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace skysense {

/// What BoxGrid needs to know of a box.
struct GridBox {
  double left, top, right, bottom;  ///< the upright box around it, pixels
  double area;                      ///< its own, square pixels
  int64_t group;                    ///< boxes of different groups never meet
};

/// Boxes of any sizes, sorted so that those near one of them lie in a few runs of memory. Boxes of a group and of about
/// one size (a power of two) form a layer with cells of that size, in which each box lies in the cell of its centre.
class BoxGrid {
 public:
  /// All numbers finite.
  explicit BoxGrid(const std::vector<GridBox>& boxes);

  /// The original numbers in the order of the grid.
  const std::vector<int64_t>& order() const { return order_; }

  /// Calls visit(begin, end) for runs of the order that together hold every box of the group that may overlap the box
  /// at `place` of the order by an IoU above `threshold` (0 or more), and some others.
  template <class Visit>
  void near(int64_t place, double threshold, const Visit& visit) const {
    const GridBox& box = boxes_[place];
    const auto [first, last] = layers_of_[place_layer_[place]];
    for (int64_t i = first; i < last; ++i) {
      const Layer& layer = layers_[i];
      // The IoU is at most the ratio of the areas, but for its rounding.
      const double least = threshold * (1 - 1e-6);
      if (layer.largest_area < least * box.area || box.area < least * layer.smallest_area) continue;
      near_in(layer, box, visit);
    }
  }

 private:
  struct Cell {
    int64_t row, column;
    auto operator<=>(const Cell&) const = default;
  };
  struct Layer {
    double side;         // of a cell: no box of the layer is wider or higher
    int64_t begin, end;  // places
    double smallest_area, largest_area;
  };

  /// The first place of [begin, end) whose cell is not before `cell`.
  int64_t find(int64_t begin, int64_t end, Cell cell) const;

  template <class Visit>
  void near_in(const Layer& layer, const GridBox& box, const Visit& visit) const {
    const Cell first = cell_of(box.left - layer.side / 2, box.top - layer.side / 2, layer.side);
    const Cell last = cell_of(box.right + layer.side / 2, box.bottom + layer.side / 2, layer.side);
    int64_t place = find(layer.begin, layer.end, first);
    while (place < layer.end && cells_[place].row <= last.row) {
      const int64_t row = cells_[place].row;
      const int64_t begin = find(place, layer.end, {row, first.column});
      const int64_t end = find(begin, layer.end, {row, last.column + 1});
      if (begin < end) visit(begin, end);
      place = find(end, layer.end, {row + 1, first.column});
    }
  }

  static Cell cell_of(double x, double y, double side);

  std::vector<int64_t> order_;
  std::vector<GridBox> boxes_;  // in order
  std::vector<Cell> cells_;
  std::vector<int32_t> place_layer_;
  std::vector<Layer> layers_;
  std::vector<std::pair<int64_t, int64_t>> layers_of_;  // for each layer those of its group
};

}  // namespace skysense
