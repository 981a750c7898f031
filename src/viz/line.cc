#include "viz/line.h"

#include <algorithm>
#include <cmath>

namespace skysense {

void draw_line(Picture& picture, double from_x, double from_y, double to_x, double to_y, Colour colour) {
  const double width = static_cast<double>(picture.width), height = static_cast<double>(picture.height);
  // The part that can show (Liang and Barsky): lines may come from far away.
  double first = 0, last = 1;
  const double dx = to_x - from_x, dy = to_y - from_y;
  const auto cut = [&](double slope, double distance) {
    if (slope == 0) return distance >= 0;
    const double t = distance / slope;
    if (slope < 0) first = std::max(first, t);
    if (slope > 0) last = std::min(last, t);
    return first <= last;
  };
  if (!(cut(-dx, from_x) && cut(dx, width - from_x) && cut(-dy, from_y) && cut(dy, height - from_y))) return;
  const double length = std::max(std::abs(dx), std::abs(dy)) * (last - first);
  const auto steps = static_cast<int64_t>(std::ceil(length)) + 1;
  for (int64_t i = 0; i <= steps; ++i) {
    const double t = first + (last - first) * static_cast<double>(i) / static_cast<double>(steps);
    const auto x = static_cast<int64_t>(std::floor(from_x + t * dx)),
               y = static_cast<int64_t>(std::floor(from_y + t * dy));
    if (picture.contains(x, y)) picture.blend(x, y, colour);
  }
}

}  // namespace skysense
