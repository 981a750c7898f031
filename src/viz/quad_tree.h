#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace skysense {

/// Points of a plane in nested squares, for sums over all points in which far squares count as their centre of mass
/// (Barnes and Hut 1986).
class QuadTree {
 public:
  /// `xy` [N, 2], finite. The tree is the same for the same points.
  explicit QuadTree(std::span<const double> xy);

  /// What all other points do to one by the kernel q = 1 / (1 + distance²) of t-SNE.
  struct Repulsion {
    double x = 0, y = 0;    ///< sum of q² * (own - other)
    double normaliser = 0;  ///< sum of q
  };
  /// Of the point that is the `position`-th along the tree; points that follow each other lie close together. A square
  /// counts as one point where its side is less than `angle` times its distance, 0 <= angle <= 1; 0 is exact.
  Repulsion repulsion(int64_t position, double angle) const;
  /// The point's number in `xy`.
  int32_t point(int64_t position) const { return points_[static_cast<size_t>(position)]; }
  int64_t size() const { return static_cast<int64_t>(points_.size()); }

 private:
  struct Node {
    double x = 0, y = 0;         // centre of mass
    double squared_side = 0;     // of the square
    double count = 0;            // points in it
    int32_t next = 0;            // the node to go on with where this one is done as a whole
    int32_t begin = 0, end = 0;  // positions of a leaf's points; none of an inner node
  };
  int32_t build(int32_t begin, int32_t end, int depth, double side);

  std::vector<int32_t> points_;  // by position
  std::vector<double> x_, y_;    // by position
  std::vector<uint64_t> codes_;  // by position: bits of both coordinates in turn
  std::vector<Node> nodes_;      // each before its children
};

}  // namespace skysense
