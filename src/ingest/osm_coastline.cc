#include "ingest/osm_coastline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

namespace skysense {
namespace {

using Path = std::vector<MapPoint>;

bool same(MapPoint a, MapPoint b) { return a.x == b.x && a.y == b.y; }

/// The ways joined end to start, closed ones with their first point again at the end.
std::vector<Path> join(const std::vector<OGRLineString>& ways) {
  std::vector<Path> paths;
  std::multimap<std::pair<double, double>, size_t> starts;
  for (const OGRLineString& way : ways) {
    Path path;
    for (const OGRPoint& point : way) path.push_back({point.getX(), point.getY()});
    if (path.size() >= 2) paths.push_back(std::move(path));
  }
  // The order of the ways in the file must not matter.
  std::sort(paths.begin(), paths.end(), [](const Path& a, const Path& b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](MapPoint p, MapPoint q) {
      return std::pair(p.x, p.y) < std::pair(q.x, q.y);
    });
  });
  for (size_t i = 0; i < paths.size(); ++i) starts.emplace(std::pair(paths[i][0].x, paths[i][0].y), i);
  std::vector<bool> has_predecessor(paths.size()), used(paths.size());
  for (const Path& path : paths) {
    const auto [first, last] = starts.equal_range({path.back().x, path.back().y});
    for (auto next = first; next != last; ++next) has_predecessor[next->second] = true;
  }
  std::vector<Path> joined;
  const auto follow = [&](size_t i) {
    Path whole = paths[i];
    used[i] = true;
    while (!same(whole.front(), whole.back())) {
      const auto [first, last] = starts.equal_range({whole.back().x, whole.back().y});
      const auto next = std::find_if(first, last, [&](const auto& entry) { return !used[entry.second]; });
      if (next == last) break;
      used[next->second] = true;
      whole.insert(whole.end(), paths[next->second].begin() + 1, paths[next->second].end());
    }
    joined.push_back(std::move(whole));
  };
  for (const bool heads : {true, false}) {
    for (size_t i = 0; i < paths.size(); ++i) {
      if (!used[i] && !(heads && has_predecessor[i])) follow(i);
    }
  }
  return joined;
}

/// The part of a segment within the box, as parameters of it (Liang and Barsky).
std::optional<std::pair<double, double>> clip(MapPoint a, MapPoint b, const MapBox& box) {
  double from = 0, to = 1;
  const double dx = b.x - a.x, dy = b.y - a.y;
  const std::array<std::pair<double, double>, 4> sides = {
      {{-dx, a.x - box.min_x}, {dx, box.max_x - a.x}, {-dy, a.y - box.min_y}, {dy, box.max_y - a.y}}};
  for (const auto& [step, room] : sides) {
    if (step == 0) {
      if (room < 0) return std::nullopt;
    } else if (step < 0) {
      from = std::max(from, room / step);
    } else {
      to = std::min(to, room / step);
    }
  }
  if (!(from < to)) return std::nullopt;
  return std::pair(from, to);
}

/// The pieces of a path within the box.
std::vector<Path> pieces_within(const Path& path, const MapBox& box) {
  std::vector<Path> pieces;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    const MapPoint a = path[i], b = path[i + 1];
    const auto part = clip(a, b, box);
    if (!part) continue;
    const auto at = [&](double t) {
      const MapPoint point = t == 0 ? a : t == 1 ? b : MapPoint{a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
      return MapPoint{std::clamp(point.x, box.min_x, box.max_x), std::clamp(point.y, box.min_y, box.max_y)};
    };
    const MapPoint first = at(part->first), last = at(part->second);
    if (pieces.empty() || !same(pieces.back().back(), first)) pieces.push_back({first});
    pieces.back().push_back(last);
  }
  // A closed path that begins within the box comes back to its first piece.
  if (pieces.size() > 1 && same(pieces.front().front(), pieces.back().back())) {
    pieces.back().insert(pieces.back().end(), pieces.front().begin() + 1, pieces.front().end());
    pieces.front() = std::move(pieces.back());
    pieces.pop_back();
  }
  return pieces;
}

/// How far along the box's border a point of it lies, clockwise from the lower left corner: 0 to 4, a side each.
double along_border(MapPoint point, const MapBox& box) {
  const double x = (point.x - box.min_x) / (box.max_x - box.min_x);
  const double y = (point.y - box.min_y) / (box.max_y - box.min_y);
  const std::array<double, 4> distance = {x, 1 - y, 1 - x, y};  // to the west, north, east and south side
  switch (std::min_element(distance.begin(), distance.end()) - distance.begin()) {
    case 0:
      return y;
    case 1:
      return 1 + x;
    case 2:
      return 2 + (1 - y);
    default:
      return std::fmod(3 + (1 - x), 4.0);
  }
}

/// The point at `t` of along_border.
MapPoint border_point(double t, const MapBox& box) {
  const double part = t - std::floor(t);
  const double width = box.max_x - box.min_x, height = box.max_y - box.min_y;
  switch (static_cast<int>(std::floor(t)) % 4) {
    case 0:
      return {box.min_x, box.min_y + part * height};
    case 1:
      return {box.min_x + part * width, box.max_y};
    case 2:
      return {box.max_x, box.max_y - part * height};
    default:
      return {box.max_x - part * width, box.min_y};
  }
}

bool on_border(MapPoint p, const MapBox& box) {
  constexpr double kRounding_deg = 1e-9;  // 0.1 mm
  return std::min({p.x - box.min_x, box.max_x - p.x, p.y - box.min_y, box.max_y - p.y}) <= kRounding_deg;
}

bool within(MapPoint p, const MapBox& box) {
  return p.x > box.min_x && p.x < box.max_x && p.y > box.min_y && p.y < box.max_y;
}

double turning_area(const Path& ring) {
  double twice = 0;
  for (size_t i = 0; i + 1 < ring.size(); ++i) twice += ring[i].x * ring[i + 1].y - ring[i + 1].x * ring[i].y;
  return twice;
}

OGRPolygon polygon_of(const Path& ring) {
  OGRLinearRing outline;
  for (const MapPoint& point : ring) outline.addPoint(point.x, point.y);
  outline.closeRings();
  OGRPolygon polygon;
  polygon.addRing(&outline);
  return polygon;
}

/// Open pieces led round the border, clockwise, to the next piece's start: rings with the sea inside.
std::vector<Path> close_along_border(const std::vector<Path>& pieces, const MapBox& box) {
  std::vector<std::pair<double, size_t>> starts;
  for (size_t i = 0; i < pieces.size(); ++i) starts.emplace_back(along_border(pieces[i].front(), box), i);
  std::sort(starts.begin(), starts.end());
  std::vector<bool> used(pieces.size());
  std::vector<Path> rings;
  for (size_t first = 0; first < pieces.size(); ++first) {
    if (used[first]) continue;
    Path ring;
    for (size_t current = first; !used[current];) {
      used[current] = true;
      ring.insert(ring.end(), pieces[current].begin(), pieces[current].end());
      const double from = along_border(pieces[current].back(), box);
      auto next = std::lower_bound(starts.begin(), starts.end(), std::pair(from, size_t{0}));
      const double to = next == starts.end() ? starts.front().first + 4 : next->first;
      if (next == starts.end()) next = starts.begin();
      for (double corner = std::floor(from) + 1; corner < to; ++corner) ring.push_back(border_point(corner, box));
      current = next->second;
    }
    rings.push_back(std::move(ring));
  }
  return rings;
}

std::unique_ptr<OGRGeometry> valid(const OGRGeometry& shape) {
  if (shape.IsValid()) return std::unique_ptr<OGRGeometry>(shape.clone());
  return std::unique_ptr<OGRGeometry>(shape.MakeValid());
}

}  // namespace

Coastline sea_of_coastline(const std::vector<OGRLineString>& ways, const MapBox& limits) {
  Coastline coast;
  coast.ways = static_cast<int64_t>(ways.size());
  // Extracts keep ways whole: ends that lie beyond the limits are led on there, where no guess is seen, and a coast
  // that leaves the limits and comes back stays in one piece.
  MapBox bounds = limits;
  for (const OGRLineString& way : ways) {
    OGREnvelope box;
    way.getEnvelope(&box);
    bounds = {std::min(bounds.min_x, box.MinX), std::min(bounds.min_y, box.MinY), std::max(bounds.max_x, box.MaxX),
              std::max(bounds.max_y, box.MaxY)};
  }
  std::vector<Path> open;
  OGRMultiPolygon land, inner_seas;
  bool any = false;
  for (const Path& path : join(ways)) {
    for (Path& piece : pieces_within(path, bounds)) {
      any = true;
      if (piece.size() > 3 && same(piece.front(), piece.back())) {
        const OGRPolygon polygon = polygon_of(piece);
        (turning_area(piece) > 0 ? land : inner_seas).addGeometry(&polygon);
        continue;
      }
      if (!on_border(piece.front(), bounds)) {
        coast.open_ends += within(piece.front(), limits);
        piece.insert(piece.begin(), border_point(along_border(piece.front(), bounds), bounds));
      }
      if (!on_border(piece.back(), bounds)) {
        coast.open_ends += within(piece.back(), limits);
        piece.push_back(border_point(along_border(piece.back(), bounds), bounds));
      }
      open.push_back(std::move(piece));
    }
  }
  if (!any) return coast;
  OGRMultiPolygon seas;
  std::vector<Path> outlines = close_along_border(open, bounds);
  if (open.empty() && !land.IsEmpty()) {
    Path all;
    for (int corner = 0; corner < 4; ++corner) all.push_back(border_point(corner, bounds));
    outlines.push_back(std::move(all));
  }
  for (const Path& outline : outlines) {
    const OGRPolygon polygon = polygon_of(outline);
    seas.addGeometry(&polygon);
  }
  coast.sea = valid(seas);
  if (coast.sea && !land.IsEmpty()) {
    if (const auto islands = valid(land)) coast.sea.reset(coast.sea->Difference(islands.get()));
  }
  if (coast.sea && !inner_seas.IsEmpty()) {
    if (const auto inner = valid(inner_seas)) coast.sea.reset(coast.sea->Union(inner.get()));
  }
  if (coast.sea) {
    Path corners;
    for (int corner = 0; corner < 4; ++corner) corners.push_back(border_point(corner, limits));
    const OGRPolygon window = polygon_of(corners);
    coast.sea.reset(coast.sea->Intersection(&window));
  }
  return coast;
}

}  // namespace skysense
