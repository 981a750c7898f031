#include "detection/merge_tiles.h"

#include <ATen/ops/tensor.h>

#include <algorithm>
#include <limits>

#include "detection/seam_merge.h"

namespace skysense {
namespace {

/// In pixels of the image.
std::vector<FoundObject> objects_of(const TileDetections& tile) {
  std::vector<FoundObject> objects;
  const auto boxes = oriented_boxes(tile.found.boxes);
  const auto scores = tile.found.scores.to(at::kDouble).contiguous();
  const auto classes = tile.found.classes.contiguous();
  for (size_t i = 0; i < boxes.size(); ++i) {
    objects.push_back({.box = boxes[i],
                       .object_class = classes.const_data_ptr<int64_t>()[i],
                       .score = scores.const_data_ptr<double>()[i]});
    objects.back().box.x += tile.bounds.left;
    objects.back().box.y += tile.bounds.top;
  }
  return objects;
}

/// Nothing is cut where the image itself ends.
SeamTile seam_tile(const UprightBox& bounds, const ImageSize& image) {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  SeamTile tile{.bounds = bounds, .seen = bounds};
  if (bounds.left <= 0) tile.seen.left = -kFar;
  if (bounds.top <= 0) tile.seen.top = -kFar;
  if (bounds.right >= static_cast<double>(image.width)) tile.seen.right = kFar;
  if (bounds.bottom >= static_cast<double>(image.height)) tile.seen.bottom = kFar;
  return tile;
}

}  // namespace

Detections merge_tiles(const std::vector<TileDetections>& tiles, const ImageSize& image) {
  TORCH_CHECK_VALUE(!tiles.empty(), "merge_tiles wants at least one tile");
  if (tiles.size() == 1) return tiles.front().found;
  SeamMerge merge;
  for (const TileDetections& tile : tiles) merge.add(seam_tile(tile.bounds, image), objects_of(tile));
  std::vector<FoundObject> merged = merge.finish();
  std::ranges::stable_sort(merged, std::greater(), &FoundObject::score);

  ObjectLabels labels;
  std::vector<double> scores;
  for (const FoundObject& object : merged) {
    labels.add(object.box, object.object_class, false);
    scores.push_back(object.score);
  }
  constexpr int64_t kUprightNumbers = 4;
  const bool upright = tiles.front().found.boxes.size(1) == kUprightNumbers;
  const ObjectTargets rows = targets_of(labels, upright ? DetectorKind::kFasterRcnn : DetectorKind::kOrientedRcnn);
  return {rows.boxes, at::tensor(scores, at::TensorOptions(at::kFloat)), rows.classes};
}

}  // namespace skysense
