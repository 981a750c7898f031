#include "finetune/detected_objects.h"

#include "boxes/rotated_boxes.h"
#include "detection/any_boxes.h"

namespace skysense {
namespace {

constexpr int64_t kUprightNumbers = 4;

/// Square pixels, [N].
torch::Tensor areas_of(const torch::Tensor& boxes) {
  if (boxes.size(1) == kUprightNumbers)
    return (boxes.select(1, 2) - boxes.select(1, 0)) * (boxes.select(1, 3) - boxes.select(1, 1));
  return boxes.select(1, 2) * boxes.select(1, 3);
}

}  // namespace

DetectedImage detected_objects(const ObjectLabels& truth, const Detections& found, bool oriented) {
  const ObjectTargets objects = targets_of(truth, oriented ? DetectorKind::kOrientedRcnn : DetectorKind::kFasterRcnn);
  auto boxes = found.boxes.to(at::kFloat);
  if (!oriented) boxes = upright_bounds(boxes);
  if (oriented && boxes.size(1) == kUprightNumbers) boxes = upright_to_rotated(boxes);
  return {.scores = found.scores,
          .classes = found.classes,
          .areas = areas_of(boxes),
          .object_classes = objects.classes,
          .object_areas = areas_of(objects.boxes),
          .ignored = objects.ignored,
          .overlaps = overlaps_of(boxes, objects.boxes)};
}

}  // namespace skysense
