#include "data/object_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/config.h"

namespace skysense {
namespace {

/// Sides of less are taken for none: what rounding leaves of points on a line.
constexpr double kLeastSide = 1e-6;
/// No image has as many pixels a side; beyond, areas would lose their digits.
constexpr double kFarthest = 1e9;

bool is_coordinate(double value) { return std::abs(value) <= kFarthest; }  // false for NaN

bool has_coordinates(const NamedObject& object, bool by_outline) {
  if (!by_outline) {
    const UprightBox& box = *object.upright;
    return is_coordinate(box.left) && is_coordinate(box.top) && is_coordinate(box.right) && is_coordinate(box.bottom);
  }
  return std::ranges::all_of(object.outline, [](ImagePoint p) { return is_coordinate(p.x) && is_coordinate(p.y); });
}

std::string unknown_class(const std::string& name, const std::map<std::string, int64_t>& classes) {
  std::vector<std::string> known;
  for (const auto& [known_name, number] : classes) known.push_back(known_name);
  return fmt::format("unknown class '{}'; did you mean '{}'?", name, nearest_word(name, known));
}

}  // namespace

CheckedObjects check_objects(const ImageObjects& image, const std::map<std::string, int64_t>& classes, BoxKind kind,
                             int64_t width, int64_t height) {
  CheckedObjects checked;
  const UprightBox whole{0, 0, static_cast<double>(width), static_cast<double>(height)};
  for (const NamedObject& object : image.objects) {
    const auto leave_out = [&](const std::string& why) {
      checked.problems.push_back(fmt::format("{}: {}", object.where, why));
    };
    const auto known = classes.find(object.name);
    if (known == classes.end()) {
      leave_out(unknown_class(object.name, classes));
      continue;
    }
    if (known->second < 0) continue;
    const bool by_outline = kind == BoxKind::kOriented ? !object.outline.empty() : !object.upright;
    if (!has_coordinates(object, by_outline)) {
      leave_out(fmt::format("a coordinate of the {} is no number, or beyond every image", object.name));
      continue;
    }
    const bool upright = kind == BoxKind::kUpright || !by_outline;
    UprightBox rim = by_outline ? bounds_of(object.outline) : *object.upright;
    OrientedBox box = upright ? OrientedBox{} : smallest_box(object.outline);
    const double box_width = upright ? rim.width() : box.width, box_height = upright ? rim.height() : box.height;
    if (box_width < kLeastSide || box_height < kLeastSide) {
      leave_out(fmt::format("the {} has a box of {:g} x {:g} pixels", object.name, box_width, box_height));
      continue;
    }
    const double inside = upright ? intersection(rim, whole).area() : area_inside(box.corners(), whole);
    if (!(inside > 0)) {
      leave_out(fmt::format("the {} from ({:g}, {:g}) to ({:g}, {:g}) lies outside the image of {} x {} pixels",
                            object.name, rim.left, rim.top, rim.right, rim.bottom, width, height));
      continue;
    }
    if (upright) box = oriented(intersection(rim, whole));
    checked.labels.add(box, known->second, object.difficult, object.crowd,
                       object.area.value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  return checked;
}

}  // namespace skysense
