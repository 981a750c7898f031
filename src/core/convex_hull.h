#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace skysense {

/// Twice the signed area of the triangle o, a, b: positive where b lies on the side of y as seen from x. Points have
/// members x and y of float or double.
template <class Point>
auto cross_product(const Point& o, const Point& a, const Point& b) {
  return (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x);
}

/// Corners of the convex hull in the order of turn from x towards y (Andrew's monotone chain); the points of a line
/// give its two ends.
template <class Point>
std::vector<Point> convex_hull(std::vector<Point> points) {
  std::ranges::sort(points, [](const Point& a, const Point& b) { return a.x < b.x || (a.x == b.x && a.y < b.y); });
  std::vector<Point> hull(2 * points.size());
  size_t count = 0;
  const auto add = [&](const Point& point, size_t least) {
    while (count >= least && cross_product(hull[count - 2], hull[count - 1], point) <= 0) --count;
    hull[count++] = point;
  };
  for (const Point& point : points) add(point, 2);
  const size_t lower = count + 1;
  for (size_t i = points.size(); i > 1; --i) add(points[i - 2], lower);
  hull.resize(count > 1 ? count - 1 : count);
  return hull;
}

}  // namespace skysense
