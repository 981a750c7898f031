#include "data/object_moves.h"

#include <algorithm>
#include <cmath>

namespace skysense {
namespace {

/// Columns of equal length at right angles, up to rounding.
bool keeps_shapes(const PlaneMove& move) {
  const double first = move.xx * move.xx + move.yx * move.yx, second = move.xy * move.xy + move.yy * move.yy;
  const double mixed = move.xx * move.xy + move.yx * move.yy, most = 1e-12 * std::max(first, second);
  return std::abs(first - second) <= most && std::abs(mixed) <= most;
}

}  // namespace

PlaneMove shift_by(double x, double y) { return {.x0 = x, .y0 = y}; }
PlaneMove scale_by(double x, double y) { return {.xx = x, .yy = y}; }
PlaneMove mirror_columns(double width) { return {.xx = -1, .x0 = width}; }
PlaneMove mirror_rows(double height) { return {.yy = -1, .y0 = height}; }

PlaneMove turn_quarters(int64_t quarters, double width, double height) {
  switch (((quarters % 4) + 4) % 4) {
    case 1:  // the right edge becomes the top
      return {.xx = 0, .xy = 1, .yx = -1, .yy = 0, .y0 = width};
    case 2:
      return {.xx = -1, .x0 = width, .yy = -1, .y0 = height};
    case 3:
      return {.xx = 0, .xy = -1, .x0 = height, .yx = 1, .yy = 0};
    default:
      return {};
  }
}

PlaneMove turn_about(ImagePoint centre, double angle) {
  const double c = std::cos(angle), s = std::sin(angle);
  return {.xx = c,
          .xy = -s,
          .x0 = centre.x - c * centre.x + s * centre.y,
          .yx = s,
          .yy = c,
          .y0 = centre.y - s * centre.x - c * centre.y};
}

OrientedBox moved(const OrientedBox& box, const PlaneMove& move) {
  if (!keeps_shapes(move)) {
    BoxCorners corners = box.corners();
    std::ranges::transform(corners, corners.begin(), move);
    return smallest_box(corners);
  }
  const ImagePoint centre = move({box.x, box.y});
  const double c = std::cos(box.angle), s = std::sin(box.angle);
  const double scale = std::hypot(move.xx, move.yx);
  return normalised({centre.x, centre.y, box.width * scale, box.height * scale,
                     std::atan2(move.yx * c + move.yy * s, move.xx * c + move.xy * s)});
}

void move_objects(ObjectLabels& objects, const PlaneMove& move) {
  for (OrientedBox& box : objects.boxes) box = moved(box, move);
  const double stretch = std::abs(move.xx * move.yy - move.xy * move.yx);
  for (double& area : objects.areas) area *= stretch;
}

void make_upright(ObjectLabels& objects) {
  for (OrientedBox& box : objects.boxes) box = oriented(box.bounds());
}

ObjectLabels objects_in(const ObjectLabels& objects, const UprightBox& window, const UprightBox& image,
                        const WindowRule& rule) {
  ObjectLabels shown;
  for (size_t i = 0; i < objects.boxes.size(); ++i) {
    const BoxCorners corners = objects.boxes[i].corners();
    const double inside = area_inside(corners, window), whole = area_inside(corners, image);
    if (!(inside > 0)) continue;
    constexpr double kRounding = 1e-9;  // of the areas of an object that the window just holds
    const bool cut_off = inside < (rule.least_share - kRounding) * whole;
    const OrientedBox box = rule.upright ? oriented(intersection(objects.boxes[i].bounds(), window)) : objects.boxes[i];
    shown.add(moved(box, shift_by(-window.left, -window.top)), objects.classes[i], objects.ignored[i] != 0 || cut_off,
              objects.crowds[i] != 0, objects.areas[i] * std::min(1.0, inside / whole));
  }
  return shown;
}

}  // namespace skysense
