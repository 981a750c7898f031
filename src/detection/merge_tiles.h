#pragma once

#include <vector>

#include "detection/object_targets.h"

namespace skysense {

/// What a detector found in a tile of an image.
struct TileDetections {
  UprightBox bounds;  ///< of the tile, pixels of the image
  Detections found;   ///< in pixels of the tile
};

/// The detections of overlapping tiles of an image as those of the whole, the highest score first, by the rule that
/// scenes follow (SeamMerge). One tile's stay as they are. Boxes [N, 4] or [N, 5], alike in all tiles. Throws
/// c10::ValueError without tiles.
Detections merge_tiles(const std::vector<TileDetections>& tiles, const ImageSize& image);

}  // namespace skysense
