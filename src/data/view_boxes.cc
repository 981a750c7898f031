#include "data/view_boxes.h"

#include <algorithm>
#include <cmath>

namespace skysense {
namespace {

constexpr double kSlack = 1e-9;
constexpr int kTries = 64;  // for an overlapping second global; then it is laid over the first's centre

struct Side {
  double length;
  bool whole_cells;
};

Side draw_side(double nominal, double shrink, const ViewOptions& options, RandomStream& stream) {
  const bool zoomed = stream.chance(options.zoom_chance);
  const double zoom = stream.uniform(1, options.max_zoom);  // drawn either way: the stream does not depend on the outcome
  if (zoomed) return {nominal * shrink / zoom, false};
  return {nominal * shrink, shrink == 1};
}

/// A start in [low, high], on a whole cell where wanted and possible.
double draw_start(double low, double high, bool whole_cells, RandomStream& stream) {
  const double first = std::ceil(low - kSlack), last = std::floor(high + kSlack);
  if (whole_cells && first <= last) return first + static_cast<double>(stream.below(static_cast<int64_t>(last - first) + 1));
  return std::max(low, stream.uniform(low, std::max(low, high)));
}

GroundBox draw_within(const GroundBox& area, const Side& side, RandomStream& stream) {
  const double length = std::min({side.length, area.width, area.height});
  const double x = draw_start(area.x, area.x + area.width - length, side.whole_cells, stream);
  const double y = draw_start(area.y, area.y + area.height - length, side.whole_cells, stream);
  return {x, y, length, length};
}

GroundBox draw_overlapping(const GroundBox& first, const GroundBox& place, const Side& side, double min_overlap,
                           RandomStream& stream) {
  // Only starts from which the box meets the first one are tried.
  const double left = std::max(0.0, first.x - side.length), top = std::max(0.0, first.y - side.length);
  const GroundBox around{left, top, std::min(place.width, first.x + first.width + side.length) - left,
                         std::min(place.height, first.y + first.height + side.length) - top};
  const double wanted = min_overlap * std::min(first.width * first.height, side.length * side.length);
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const GroundBox box = draw_within(around, side, stream);
    if (overlap(box, first) >= wanted - kSlack) return box;
  }
  const auto centred = [&](double start, double length, double limit) {
    double value = std::clamp(start + (length - side.length) / 2, 0.0, limit - side.length);
    return side.whole_cells ? std::floor(value + kSlack) : value;
  };
  return {centred(first.x, first.width, place.width), centred(first.y, first.height, place.height), side.length, side.length};
}

}  // namespace

double overlap(const GroundBox& a, const GroundBox& b) {
  const double width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
  const double height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
  return std::max(0.0, width) * std::max(0.0, height);
}

std::vector<GroundBox> draw_boxes(double width, double height, const ViewOptions& options, RandomStream& stream) {
  const GroundBox place{0, 0, width, height};
  const double shrink = std::min(1.0, std::min(width, height) / static_cast<double>(options.global_cells));
  std::vector<GroundBox> boxes;
  for (int64_t view = 0; view < options.views(); ++view) {
    const bool global = options.is_global(view);
    const Side side = draw_side(static_cast<double>(global ? options.global_cells : options.local_cells), shrink, options, stream);
    if (view == 0) {
      boxes.push_back(draw_within(place, side, stream));
    } else if (global) {
      boxes.push_back(draw_overlapping(boxes[0], place, side, options.min_overlap, stream));
    } else {
      boxes.push_back(draw_within(boxes[static_cast<size_t>(view % options.global_views)], side, stream));
    }
  }
  return boxes;
}

}  // namespace skysense
