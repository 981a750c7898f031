#pragma once

#include <vector>

#include "detection/object_targets.h"

namespace skysense {

/// What a detector found in a tile of an image.
struct TileDetections {
  double x = 0, y = 0;  ///< the tile's upper-left corner, pixels of the image
  Detections found;     ///< in pixels of the tile
};

/// The detections of overlapping tiles as those of the whole image, the highest score first: of one class, those that
/// overlap a better one by more than `nms_iou` are left out, as within a tile (DOTA's development kit merges so). One
/// tile's stay as they are. Boxes [N, 4] or [N, 5], alike in all tiles. Throws c10::ValueError without tiles.
Detections merge_tiles(const std::vector<TileDetections>& tiles, double nms_iou);

}  // namespace skysense
