#include "core/oriented_box.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/convex_hull.h"

namespace skysense {
namespace {

/// Rectangles whose areas differ by less, relatively, are taken for equal: the four sides of a rectangle give one.
constexpr double kSameArea = 1e-9;

/// The rectangle around points along a direction of unit length.
OrientedBox bound(const std::vector<ImagePoint>& points, ImagePoint direction) {
  double low_u = INFINITY, high_u = -INFINITY, low_v = INFINITY, high_v = -INFINITY;
  for (const ImagePoint p : points) {
    const double u = p.x * direction.x + p.y * direction.y, v = p.y * direction.x - p.x * direction.y;
    low_u = std::min(low_u, u);
    high_u = std::max(high_u, u);
    low_v = std::min(low_v, v);
    high_v = std::max(high_v, v);
  }
  const double u = (low_u + high_u) / 2, v = (low_v + high_v) / 2;
  return {u * direction.x - v * direction.y, u * direction.y + v * direction.x, high_u - low_u, high_v - low_v,
          std::atan2(direction.y, direction.x)};
}

/// The part of a polygon on one side of an upright line (Sutherland and Hodgman): `depth` is positive there.
template <class Depth>
std::vector<ImagePoint> clip(const std::vector<ImagePoint>& polygon, Depth depth) {
  std::vector<ImagePoint> kept;
  for (size_t i = 0; i < polygon.size(); ++i) {
    const ImagePoint a = polygon[i], b = polygon[(i + 1) % polygon.size()];
    const double inside_a = depth(a), inside_b = depth(b);
    if (inside_a >= 0) kept.push_back(a);
    if ((inside_a > 0 && inside_b < 0) || (inside_a < 0 && inside_b > 0)) {
      const double t = inside_a / (inside_a - inside_b);
      kept.push_back({a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)});
    }
  }
  return kept;
}

}  // namespace

double UprightBox::area() const { return std::max(0.0, width()) * std::max(0.0, height()); }

BoxCorners OrientedBox::corners() const {
  const double c = std::cos(angle), s = std::sin(angle);
  const auto at = [&](double u, double v) {
    return ImagePoint{x + u * c * width / 2 - v * s * height / 2, y + u * s * width / 2 + v * c * height / 2};
  };
  return {at(-1, -1), at(1, -1), at(1, 1), at(-1, 1)};
}

UprightBox OrientedBox::bounds() const {
  const double c = std::abs(std::cos(angle)), s = std::abs(std::sin(angle));
  const double half_x = (c * width + s * height) / 2, half_y = (s * width + c * height) / 2;
  return {x - half_x, y - half_y, x + half_x, y + half_y};
}

bool OrientedBox::finite() const {
  return std::isfinite(x) && std::isfinite(y) && std::isfinite(width) && std::isfinite(height) && std::isfinite(angle);
}

OrientedBox normalised(const OrientedBox& box) {
  constexpr double kPi = std::numbers::pi;
  OrientedBox result = box;
  const auto wrap = [](double angle, double low, double period) {
    const double wrapped = angle - period * std::floor((angle - low) / period);
    return wrapped < low + period ? wrapped : low;  // rounding reaches the end that does not belong to it
  };
  if (box.height > box.width) {
    std::swap(result.width, result.height);
    result.angle += kPi / 2;
  }
  result.angle =
      result.width == result.height ? wrap(result.angle, -kPi / 4, kPi / 2) : wrap(result.angle, -kPi / 2, kPi);
  return result;
}

OrientedBox oriented(const UprightBox& box) {
  return normalised({(box.left + box.right) / 2, (box.top + box.bottom) / 2, box.width(), box.height(), 0});
}

UprightBox bounds_of(std::span<const ImagePoint> points) {
  if (points.empty()) return {};
  const auto [left, right] = std::ranges::minmax(points, {}, &ImagePoint::x);
  const auto [top, bottom] = std::ranges::minmax(points, {}, &ImagePoint::y);
  return {left.x, top.y, right.x, bottom.y};
}

OrientedBox smallest_box(std::span<const ImagePoint> points) {
  if (points.empty()) return {};
  // Around their middle, far coordinates lose nothing.
  const UprightBox rim = bounds_of(points);
  const ImagePoint middle{(rim.left + rim.right) / 2, (rim.top + rim.bottom) / 2};
  std::vector<ImagePoint> hull;
  for (const ImagePoint p : points) hull.push_back({p.x - middle.x, p.y - middle.y});
  hull = convex_hull(std::move(hull));

  OrientedBox best;
  double best_area = INFINITY, best_side = -1;
  for (size_t i = 0; i < hull.size(); ++i) {
    const ImagePoint a = hull[i], b = hull[(i + 1) % hull.size()];
    const double side = std::hypot(b.x - a.x, b.y - a.y);
    const OrientedBox box = side > 0 ? bound(hull, {(b.x - a.x) / side, (b.y - a.y) / side}) : bound(hull, {1, 0});
    const double area = box.area(), same = kSameArea * area;
    if (area < best_area - same || (area <= best_area + same && side > best_side)) {
      best = box;
      best_area = area;
      best_side = side;
    }
  }
  best.x += middle.x;
  best.y += middle.y;
  return normalised(best);
}

UprightBox intersection(const UprightBox& a, const UprightBox& b) {
  const double left = std::max(a.left, b.left), top = std::max(a.top, b.top);
  return {left, top, std::max(left, std::min(a.right, b.right)), std::max(top, std::min(a.bottom, b.bottom))};
}

double area_inside(std::span<const ImagePoint> polygon, const UprightBox& box) {
  std::vector<ImagePoint> part(polygon.begin(), polygon.end());
  part = clip(part, [&](ImagePoint p) { return p.x - box.left; });
  part = clip(part, [&](ImagePoint p) { return box.right - p.x; });
  part = clip(part, [&](ImagePoint p) { return p.y - box.top; });
  part = clip(part, [&](ImagePoint p) { return box.bottom - p.y; });
  double twice = 0;
  for (size_t i = 1; i + 1 < part.size(); ++i) twice += cross_product(part[0], part[i], part[i + 1]);
  return std::abs(twice) / 2;
}

}  // namespace skysense
