#pragma once

#include <optional>
#include <vector>

#include "detection/seam_merge.h"
#include "infer/tiling.h"
#include "raster/georeference.h"

namespace skysense {

/// SeamMerge over the tiles of a tiling: which pixels they cover and where the scene goes on beyond them. Batches come
/// row by row (Tiling::groups_touching), their tiles by their numbers in the batch.
class SceneSeams {
 public:
  /// A cell is `divisions` pixels wide; `origin` is the pixel at the upper-left corner of cell (0, 0).
  SceneSeams(const Tiling& tiling, int64_t divisions, PixelPoint origin);

  /// Whether the batch's tile of that number is not left out.
  bool has(const TileGroup& group, int64_t tile) const;
  /// Its pixels in the scene.
  UprightBox bounds(const TileGroup& group, int64_t tile) const;
  /// What is final before a batch is added: nothing but at the beginning of a row of batches.
  std::vector<FoundObject> before(const TileGroup& group);
  /// What was found in a tile, in its own pixels.
  void add(const TileGroup& group, int64_t tile, std::vector<FoundObject> objects);
  std::vector<FoundObject> finish() { return merge_.finish(); }
  int64_t held() const { return merge_.held(); }

 private:
  Tiling tiling_;
  double pixels_;  // along a cell's side
  PixelPoint origin_;
  SeamMerge merge_;
  std::optional<int64_t> row_;  // of batches
};

}  // namespace skysense
