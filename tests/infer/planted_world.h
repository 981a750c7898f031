#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

#include "core/random.h"
#include "detection/seam_merge.h"

namespace skysense::testing {

/// Objects of six classes over a square of ground, packed as they stand in harbours, car parks and tank farms, and what
/// a detector would say of them tile by tile: the truth with jitter, another in every tile, and pieces of what the
/// tile's edges cut.
class PlantedWorld {
 public:
  static constexpr int64_t kClasses = 6;
  static constexpr double kLot = 200;      ///< side of a square that one group of objects stands in
  static constexpr double kLargest = 190;  ///< no object's upright bounds are longer

  /// `count` objects at most on side x side pixels. `turned`: of any direction, else along the axes.
  PlantedWorld(int64_t side, size_t count, bool turned, uint64_t seed) : side_(side), random_(seed), turned_(turned) {
    const auto lots = static_cast<int64_t>(static_cast<double>(side) / kLot);
    for (int64_t row = 0; row < lots; ++row) {
      for (int64_t column = 0; column < lots; ++column)
        build((static_cast<double>(column) + 0.5) * kLot, (static_cast<double>(row) + 0.5) * kLot);
    }
    std::shuffle(objects_.begin(), objects_.end(), random_);
    if (objects_.size() > count) objects_.resize(count);
    buckets_.resize(static_cast<size_t>((lots + 1) * (lots + 1)));
    lots_ = lots + 1;
    for (size_t i = 0; i < objects_.size(); ++i) buckets_[bucket(objects_[i].box.x, objects_[i].box.y)].push_back(i);
  }

  const std::vector<FoundObject>& objects() const { return objects_; }

  /// What a tile is answered with, in pixels of the tile. The score's whole part is the object's number.
  std::vector<FoundObject> seen_in(const UprightBox& tile) const {
    std::vector<FoundObject> found;
    const double reach = kLargest / 2;
    for (double y = tile.top - reach; y < tile.bottom + reach + kLot; y += kLot) {
      for (double x = tile.left - reach; x < tile.right + reach + kLot; x += kLot) {
        if (x < 0 || y < 0 || x >= static_cast<double>(lots_) * kLot || y >= static_cast<double>(lots_) * kLot)
          continue;
        for (const size_t number : buckets_[bucket(x, y)]) look(number, tile, found);
      }
    }
    return found;
  }

 private:
  size_t bucket(double x, double y) const {
    const auto row = static_cast<int64_t>(std::clamp(y, 0.0, static_cast<double>(side_)) / kLot),
               column = static_cast<int64_t>(std::clamp(x, 0.0, static_cast<double>(side_)) / kLot);
    return static_cast<size_t>(row * lots_ + column);
  }
  double any(double low, double high) { return low + (high - low) * static_cast<double>(random_() >> 11) * 0x1p-53; }

  /// Rows of like objects with narrow gaps, turned together about (x, y).
  void park(double x, double y, int64_t rows, int64_t columns, double length, double width, double gap, double angle,
            int64_t object_class) {
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t column = 0; column < columns; ++column) {
        const double u = (static_cast<double>(row) - static_cast<double>(rows - 1) / 2) * (length + gap),
                     v = (static_cast<double>(column) - static_cast<double>(columns - 1) / 2) * (width + gap);
        objects_.push_back({{x + u * std::cos(angle) - v * std::sin(angle),
                             y + u * std::sin(angle) + v * std::cos(angle), length, width, angle},
                            object_class,
                            0});
      }
    }
  }

  void build(double x, double y) {
    const double angle = turned_ ? any(-1.57, 1.57) : any(0, 1) < 0.5 ? 0 : -std::numbers::pi / 2;
    switch (static_cast<int>(any(0, 6.999))) {
      case 0:  // a marina
        return park(x, y, 4, 12, any(18, 26), any(6, 8), any(0.5, 1.5), angle, 0);
      case 1:  // a car park
        return park(x, y, 6, 7, 10, 5, 1, angle, 1);
      case 2:  // tanks that touch
        return park(x, y, 6, 6, 20, 20, 0, angle, 2);
      case 3:  // a ship that carries containers
        park(x, y, 1, 1, any(150, 180), any(28, 36), 0, angle, 3);
        return park(x, y, 10, 3, 12, 5, 1, angle, 4);
      case 4:  // an aircraft on a field of the same middle
        park(x, y, 1, 1, any(110, 130), any(60, 80), 0, angle, 5);
        return park(x, y, 1, 1, any(40, 60), any(40, 55), 0, angle, 3);
      case 5:  // rafts that lie half upon each other, nearer than a sighting may be off
        return park(x, y, 1, 14, 60, 10, -3.8, angle, 0);
      default:
        for (int64_t i = 0; i < 36; ++i) {
          const double cell = kLot / 6;
          park(x + (static_cast<double>(i % 6) - 2.5) * cell, y + (static_cast<double>(i / 6) - 2.5) * cell, 1, 1,
               any(8, 28), any(4, 16), 0, turned_ ? any(-1.57, 1.57) : 0, static_cast<int64_t>(any(0, 5.999)));
        }
    }
  }

  void look(size_t number, const UprightBox& tile, std::vector<FoundObject>& found) const {
    const FoundObject& object = objects_[number];
    const UprightBox bounds = object.box.bounds();
    if (bounds.right <= tile.left || bounds.left >= tile.right || bounds.bottom <= tile.top ||
        bounds.top >= tile.bottom)
      return;
    std::mt19937_64 noise(mix(mix(number, static_cast<uint64_t>(std::llround(tile.left) + 1'000'000)),
                              static_cast<uint64_t>(std::llround(tile.top) + 1'000'000)));
    const auto jitter = [&] { return 2 * static_cast<double>(noise() >> 11) * 0x1p-53 - 1; };
    OrientedBox box = object.box;
    const bool whole = bounds.left >= tile.left && bounds.right <= tile.right && bounds.top >= tile.top &&
                       bounds.bottom <= tile.bottom;
    if (!whole) {
      // Nothing; the whole, guessed; or the part that is there.
      const double choice = jitter();
      if (choice < -0.4) return;
      if (choice < 0.6) box = visible_part(box, tile);
      if (box.area() <= 0.5) return;
    }
    const double shift = std::min(1.5, 0.15 * std::min(box.width, box.height)), c = std::cos(box.angle),
                 s = std::sin(box.angle), along = shift * jitter(), across = shift * jitter();
    box.x += along * c - across * s - tile.left;
    box.y += along * s + across * c - tile.top;
    box.width *= 1 + 0.05 * jitter();
    box.height *= 1 + 0.05 * jitter();
    if (turned_) box.angle += 0.03 * jitter();
    found.push_back({normalised(box), object.object_class, static_cast<double>(number) + 0.45 + 0.4 * jitter()});
  }

  /// The box along the object's own axes around what of it lies in the tile.
  static OrientedBox visible_part(const OrientedBox& box, const UprightBox& tile) {
    const BoxCorners corners = box.corners();
    std::vector<ImagePoint> part(corners.begin(), corners.end());
    const auto clip = [&](auto depth) {
      std::vector<ImagePoint> kept;
      for (size_t i = 0; i < part.size(); ++i) {
        const ImagePoint a = part[i], b = part[(i + 1) % part.size()];
        const double inside_a = depth(a), inside_b = depth(b), t = inside_a / (inside_a - inside_b);
        if (inside_a >= 0) kept.push_back(a);
        if ((inside_a < 0) != (inside_b < 0)) kept.push_back({a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)});
      }
      part = kept;
    };
    clip([&](ImagePoint p) { return p.x - tile.left; });
    clip([&](ImagePoint p) { return tile.right - p.x; });
    clip([&](ImagePoint p) { return p.y - tile.top; });
    clip([&](ImagePoint p) { return tile.bottom - p.y; });
    double low_u = 1e9, high_u = -1e9, low_v = 1e9, high_v = -1e9;
    const double c = std::cos(box.angle), s = std::sin(box.angle);
    for (const ImagePoint p : part) {
      const double u = (p.x - box.x) * c + (p.y - box.y) * s, v = (p.y - box.y) * c - (p.x - box.x) * s;
      low_u = std::min(low_u, u), high_u = std::max(high_u, u);
      low_v = std::min(low_v, v), high_v = std::max(high_v, v);
    }
    if (low_u >= high_u || low_v >= high_v) return {};
    const double u = (low_u + high_u) / 2, v = (low_v + high_v) / 2;
    return {box.x + u * c - v * s, box.y + u * s + v * c, high_u - low_u, high_v - low_v, box.angle};
  }

  int64_t side_;
  std::mt19937_64 random_;
  bool turned_;
  int64_t lots_ = 1;
  std::vector<FoundObject> objects_;
  std::vector<std::vector<size_t>> buckets_;
};

}  // namespace skysense::testing
