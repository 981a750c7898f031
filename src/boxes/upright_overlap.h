#pragma once

#include <cstdint>
#include <vector>

#include "boxes/overlap_of.h"

namespace skysense {

/// Upright boxes column by column, float or double.
template <class Number>
struct UprightColumns {
  UprightColumns() = default;
  explicit UprightColumns(int64_t count) : left(count), top(count), right(count), bottom(count), area(count) {}
  int64_t size() const { return static_cast<int64_t>(left.size()); }
  void set(int64_t index, Number x1, Number y1, Number x2, Number y2) {
    left[index] = x1;
    top[index] = y1;
    right[index] = x2;
    bottom[index] = y2;
    area[index] = (x2 - x1) * (y2 - y1);
  }

  std::vector<Number> left, top, right, bottom, area;
};

/// The overlaps of box `number` of `one` with the boxes [begin, end) of `many`, into `result` from its start: the
/// roundings of torchvision's box_iou and nms, 0 where they divide by nothing.
template <class Number>
void upright_overlaps(const UprightColumns<Number>& one, int64_t number, const UprightColumns<Number>& many,
                      int64_t begin, int64_t end, OverlapOf of, Number* result);

extern template void upright_overlaps(const UprightColumns<float>&, int64_t, const UprightColumns<float>&, int64_t,
                                      int64_t, OverlapOf, float*);
extern template void upright_overlaps(const UprightColumns<double>&, int64_t, const UprightColumns<double>&, int64_t,
                                      int64_t, OverlapOf, double*);

}  // namespace skysense
