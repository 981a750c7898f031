#include "viz/quad_tree.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace skysense {
namespace {

constexpr int kDepth = 31;           // bits a coordinate
constexpr int32_t kLeafPoints = 12;  // fewer squares to visit against more points in the last one

/// The lower 32 bits spread to every second bit.
uint64_t spread(uint64_t bits) {
  bits = (bits | (bits << 16)) & 0x0000ffff0000ffff;
  bits = (bits | (bits << 8)) & 0x00ff00ff00ff00ff;
  bits = (bits | (bits << 4)) & 0x0f0f0f0f0f0f0f0f;
  bits = (bits | (bits << 2)) & 0x3333333333333333;
  return (bits | (bits << 1)) & 0x5555555555555555;
}

}  // namespace

QuadTree::QuadTree(std::span<const double> xy) {
  const size_t count = xy.size() / 2;
  double low_x = 1e300, low_y = 1e300, high_x = -1e300, high_y = -1e300;
  for (size_t i = 0; i < count; ++i) {
    low_x = std::min(low_x, xy[2 * i]);
    high_x = std::max(high_x, xy[2 * i]);
    low_y = std::min(low_y, xy[2 * i + 1]);
    high_y = std::max(high_y, xy[2 * i + 1]);
  }
  if (count == 0) return;
  const double side = std::max({high_x - low_x, high_y - low_y, 1e-300});
  const auto cell = [&](double value, double low) {
    constexpr double kCells = static_cast<double>(uint64_t{1} << kDepth);
    return static_cast<uint64_t>(std::min((value - low) / side * kCells, kCells - 1));
  };
  std::vector<std::pair<uint64_t, int32_t>> sorted(count);
  for (size_t i = 0; i < count; ++i)
    sorted[i] = {spread(cell(xy[2 * i], low_x)) | (spread(cell(xy[2 * i + 1], low_y)) << 1), static_cast<int32_t>(i)};
  std::sort(sorted.begin(), sorted.end());
  points_.resize(count);
  codes_.resize(count);
  x_.resize(count);
  y_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    codes_[i] = sorted[i].first;
    points_[i] = sorted[i].second;
    x_[i] = xy[2 * static_cast<size_t>(points_[i])];
    y_[i] = xy[2 * static_cast<size_t>(points_[i]) + 1];
  }
  nodes_.reserve(count);
  build(0, static_cast<int32_t>(count), 0, side);
}

int32_t QuadTree::build(int32_t begin, int32_t end, int depth, double side) {
  const auto number = static_cast<size_t>(nodes_.size());
  // Squares with one quarter in use are as good as that quarter.
  const auto quarter = [&](int32_t position) {
    return codes_[static_cast<size_t>(position)] >> (2 * (kDepth - 1 - depth)) & 3;
  };
  while (depth < kDepth && end - begin > kLeafPoints && quarter(begin) == quarter(end - 1)) {
    ++depth;
    side /= 2;
  }
  nodes_.emplace_back();
  Node node;
  node.squared_side = side * side;
  node.count = end - begin;
  if (depth == kDepth || end - begin <= kLeafPoints) {
    node.begin = begin;
    node.end = end;
    for (int32_t i = begin; i < end; ++i) {
      node.x += x_[static_cast<size_t>(i)];
      node.y += y_[static_cast<size_t>(i)];
    }
  } else {
    int32_t first = begin;
    for (uint64_t part = 0; part < 4; ++part) {
      int32_t last = first, beyond = end;
      while (last < beyond) {  // the codes are sorted
        const int32_t middle = last + (beyond - last) / 2;
        quarter(middle) <= part ? last = middle + 1 : beyond = middle;
      }
      if (last == first) continue;
      const Node& child = nodes_[static_cast<size_t>(build(first, last, depth + 1, side / 2))];
      node.x += child.x * child.count;
      node.y += child.y * child.count;
      first = last;
    }
  }
  node.x /= node.count;
  node.y /= node.count;
  node.next = static_cast<int32_t>(nodes_.size());
  nodes_[number] = node;
  return static_cast<int32_t>(number);
}

QuadTree::Repulsion QuadTree::repulsion(int64_t position, double angle) const {
  const double x = x_[static_cast<size_t>(position)], y = y_[static_cast<size_t>(position)];
  const double squared_angle = angle * angle;
  Repulsion sum;
  const auto add = [&](double dx, double dy, double count) {
    const double q = 1 / (1 + dx * dx + dy * dy);
    sum.normaliser += count * q;
    sum.x += count * q * q * dx;
    sum.y += count * q * q * dy;
  };
  for (size_t i = 0; i < nodes_.size();) {
    const Node& node = nodes_[i];
    const double dx = x - node.x, dy = y - node.y;
    if (node.squared_side < squared_angle * (dx * dx + dy * dy)) {
      add(dx, dy, node.count);
    } else if (node.end > node.begin) {
      for (int32_t other = node.begin; other < node.end; ++other) {
        if (other != position) add(x - x_[static_cast<size_t>(other)], y - y_[static_cast<size_t>(other)], 1);
      }
    } else {
      ++i;
      continue;
    }
    i = static_cast<size_t>(node.next);
  }
  return sum;
}

}  // namespace skysense
