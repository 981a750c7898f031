#include "detection/merge_tiles.h"

#include <ATen/ops/cat.h>

#include "boxes/nms.h"

namespace skysense {
namespace {

torch::Tensor shifted(const torch::Tensor& boxes, double x, double y) {
  constexpr int64_t kUprightNumbers = 4;
  auto result = boxes.clone();
  result.select(1, 0).add_(x);
  result.select(1, 1).add_(y);
  if (boxes.size(1) == kUprightNumbers) {
    result.select(1, 2).add_(x);
    result.select(1, 3).add_(y);
  }
  return result;
}

}  // namespace

Detections merge_tiles(const std::vector<TileDetections>& tiles, double nms_iou) {
  TORCH_CHECK_VALUE(!tiles.empty(), "merge_tiles wants at least one tile");
  std::vector<torch::Tensor> boxes, scores, classes;
  for (const TileDetections& tile : tiles) {
    boxes.push_back(shifted(tile.found.boxes, tile.x, tile.y));
    scores.push_back(tile.found.scores);
    classes.push_back(tile.found.classes);
  }
  const Detections all{at::cat(boxes), at::cat(scores), at::cat(classes)};
  if (tiles.size() == 1) return all;
  const auto kept = nms(all.boxes, all.scores, all.classes, nms_iou);
  return {all.boxes.index_select(0, kept), all.scores.index_select(0, kept), all.classes.index_select(0, kept)};
}

}  // namespace skysense
