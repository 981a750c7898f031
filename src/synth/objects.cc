#include "synth/objects.h"

#include <algorithm>
#include <cmath>

#include "core/convex_hull.h"

namespace skysense::synth {
namespace {

/// Pixel centres that bound an object: the first and last of each of its rows.
struct Outline {
  uint32_t id = 0;
  int64_t pixels = 0;
  bool truncated = false;
  int64_t last_row = -1;
  std::vector<PixelPoint> ends;  ///< two a row
};

/// A rectangle about points, along `axis` (unit length).
struct Rectangle {
  Direction axis;
  float low_u, high_u, low_v, high_v;
  float area() const { return (high_u - low_u) * (high_v - low_v); }
};

Rectangle bound(const std::vector<PixelPoint>& hull, Direction axis) {
  Rectangle box{axis, 1e9f, -1e9f, 1e9f, -1e9f};
  for (const PixelPoint p : hull) {
    const float u = p.x * axis.x + p.y * axis.y, v = p.y * axis.x - p.x * axis.y;
    box.low_u = std::min(box.low_u, u);
    box.high_u = std::max(box.high_u, u);
    box.low_v = std::min(box.low_v, v);
    box.high_v = std::max(box.high_v, v);
  }
  // The object's edge lies somewhere between its last pixel centres and the next ones outside.
  const float half = 0.5f * std::max(absolute(axis.x), absolute(axis.y));
  box.low_u -= half;
  box.high_u += half;
  box.low_v -= half;
  box.high_v += half;
  return box;
}

/// The smallest rectangle has a side along the hull's.
Rectangle smallest_rectangle(const std::vector<PixelPoint>& hull) {
  Rectangle best = bound(hull, {1, 0});
  for (size_t i = 0; i < hull.size(); ++i) {
    const PixelPoint a = hull[i], b = hull[(i + 1) % hull.size()];
    const float dx = b.x - a.x, dy = b.y - a.y, length = std::sqrt(dx * dx + dy * dy);
    if (length == 0) continue;
    const Rectangle box = bound(hull, {dx / length, dy / length});
    if (box.area() < best.area()) best = box;
  }
  return best;
}

std::array<PixelPoint, 4> corners_of(const Rectangle& box) {
  const auto at = [&](float u, float v) {
    return PixelPoint{u * box.axis.x - v * box.axis.y, u * box.axis.y + v * box.axis.x};
  };
  const std::array<PixelPoint, 4> corners = {at(box.low_u, box.low_v), at(box.high_u, box.low_v),
                                             at(box.high_u, box.high_v), at(box.low_u, box.high_v)};
  if (box.high_u - box.low_u >= box.high_v - box.low_v) return corners;
  return {corners[1], corners[2], corners[3], corners[0]};
}

}  // namespace

bool is_difficult(const VisibleObject& object) {
  constexpr int64_t kTooFew = 6;
  return object.truncated && object.pixels < kTooFew;
}

std::vector<VisibleObject> visible_objects(const ObjectMap& map, int64_t border) {
  std::vector<Outline> outlines;
  std::unordered_map<uint32_t, size_t> number;
  const auto inside = [&](int64_t i) { return i >= border && i < map.side - border; };
  for (int64_t row = border - 1; row <= map.side - border; ++row) {
    for (int64_t column = border - 1; column <= map.side - border; ++column) {
      const uint32_t id = map.id[static_cast<size_t>(row * map.side + column)];
      if (id == 0) continue;
      const auto [found, added] = number.try_emplace(id, outlines.size());
      if (added) outlines.push_back({.id = id, .ends = {}});
      Outline& outline = outlines[found->second];
      if (!inside(row) || !inside(column)) {
        outline.truncated = true;
        continue;
      }
      ++outline.pixels;
      const PixelPoint centre{static_cast<float>(column - border) + 0.5f, static_cast<float>(row - border) + 0.5f};
      if (row != outline.last_row) {
        outline.last_row = row;
        outline.ends.push_back(centre);
        outline.ends.push_back(centre);
      } else {
        outline.ends.back() = centre;
      }
    }
  }
  std::vector<VisibleObject> objects;
  for (const Outline& outline : outlines) {
    if (outline.pixels == 0) continue;
    const ObjectMap::Traits& traits = map.traits.at(outline.id);
    const std::vector<PixelPoint> hull = convex_hull(outline.ends);
    const bool known = traits.axis.x != 0 || traits.axis.y != 0;
    const Rectangle box = known ? bound(hull, traits.axis) : smallest_rectangle(hull);
    objects.push_back({traits.kind, corners_of(box), outline.pixels, outline.truncated});
  }
  return objects;
}

}  // namespace skysense::synth
