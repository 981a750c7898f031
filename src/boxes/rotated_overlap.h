#pragma once

#include <cstdint>
#include <vector>

#include "boxes/overlap_of.h"

namespace skysense {

/// Oriented boxes column by column, as the loops over many of them want them.
struct RotatedColumns {
  RotatedColumns() = default;
  explicit RotatedColumns(int64_t count);
  int64_t size() const { return static_cast<int64_t>(x.size()); }
  /// Negative sizes become 0. A number that is not finite makes the area NaN, and with it every overlap.
  void set(int64_t index, double centre_x, double centre_y, double width, double height, double angle);
  void copy(int64_t index, const RotatedColumns& from, int64_t number);

  std::vector<double> x, y, half_width, half_height, cosine, sine, area;
};

/// The overlaps of box `number` of `one` with the boxes [begin, end) of `many`, into `result` from its start.
///
/// In the frame of the one box, whose half sides are W and H, the area shared with another convex shape is the integral
/// over -W <= x <= W of the part of the shape's column that lies in [-H, H]. That is the integral of clamp(y, -H, H) dx
/// along the shape's outline: a closed formula for each side of its own, continuous in all numbers. So coincident
/// sides, touching corners and boxes of no width are no special cases, no polygon is built, and eight pairs fit a
/// vector.
void rotated_overlaps(const RotatedColumns& one, int64_t number, const RotatedColumns& many, int64_t begin, int64_t end,
                      OverlapOf of, double* result);

/// The overlaps of pairs [begin, end): box i of `first` with box i of `second`.
void paired_rotated_overlaps(const RotatedColumns& first, const RotatedColumns& second, int64_t begin, int64_t end,
                             OverlapOf of, double* result);

}  // namespace skysense
