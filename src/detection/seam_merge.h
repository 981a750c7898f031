#pragma once

#include <cstdint>
#include <vector>

#include "core/oriented_box.h"

namespace skysense {

/// An object that a detector found.
struct FoundObject {
  OrientedBox box;  ///< pixels
  int64_t object_class = 0;
  double score = 0;
};

/// A tile of a scene as the merge sees it, in pixels of the scene.
struct SeamTile {
  UprightBox bounds;
  UprightBox
      seen;  ///< bounds, with an infinite number for each edge beyond which there is no scene: nothing is cut there
};

/// Joins what a detector found in overlapping tiles into the objects of the scene, without doubles or losses at seams.
///
/// 1. Sightings of one object: two boxes of one class from different tiles, the centre of each within the other, of an
///    IoU of kSameIou or more. Pairs are joined by falling IoU, and two sightings of one tile are never joined: a tile
///    that sees two things has seen two. Of the joined ones the best stays: one that no tile's inner edge cuts before
///    one that is cut, then the higher score, then the earlier tile.
/// 2. Pieces: what an inner edge cuts yields to another object of its class that the same tile does not see, where that
///    covers more than half of it: whole ones first, then larger pieces.
///
/// Where the tiles' overlap is at least the longest side of every object's upright bounds, each object lies whole
/// within a tile. Then none is lost and none doubled, as long as sightings of one object agree as in 1. and those of
/// two objects of one class do not: boxes side by side have their centres a whole short side apart, and classes never
/// meet. An object larger than the overlap may come in pieces.
///
/// Tiles come row by row; take() gives what no later tile can touch, so only a row of tiles' objects are held.
class SeamMerge {
 public:
  /// Boxes in pixels of the scene, all numbers finite; those whose centres lie outside the tile are left out.
  void add(const SeamTile& tile, const std::vector<FoundObject>& objects);
  /// The objects that are final where later tiles begin at row `top` or below, in the order of their tiles.
  std::vector<FoundObject> take(double top);
  /// What is left after the last tile.
  std::vector<FoundObject> finish();
  /// Sightings held.
  int64_t held() const { return static_cast<int64_t>(sightings_.size()); }

  /// Bytes that each sighting takes while take() works on it, about.
  static constexpr int64_t kBytesOfSighting = 400;

 private:
  struct Sighting {
    FoundObject object;
    UprightBox reach;  // its bounds with the slack on all sides
    int64_t tile = 0;  // number in the order of add()
    bool cut = false;  // by an inner edge of its tile
  };
  struct Pair {
    int64_t first, second;  // numbers of sightings, first < second
    double iou;
    bool same;  // they may be sightings of one object
  };
  /// Pairs that may be one object, or of which one may be a piece of the other.
  std::vector<Pair> pairs() const;
  /// The sightings that stand for the objects among some that belong together.
  std::vector<int64_t> resolve(const std::vector<int64_t>& members, std::vector<Pair> pairs) const;

  std::vector<Sighting> sightings_;
  int64_t tiles_ = 0;
};

}  // namespace skysense
