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

/// Of the objects: as their labels tell, else of the boxes that are judged.
torch::Tensor object_areas(const ObjectLabels& truth, const torch::Tensor& boxes) {
  const auto told = at::tensor(truth.areas, at::TensorOptions(at::kDouble));
  return at::where(told.isnan(), areas_of(boxes).to(at::kDouble), told);
}

/// Intersection over union, and with crowds over the found box.
torch::Tensor overlaps_with(const ObjectLabels& truth, const torch::Tensor& found, const torch::Tensor& objects) {
  auto overlaps = overlaps_of(found, objects);
  std::vector<int64_t> crowds;
  for (size_t i = 0; i < truth.crowds.size(); ++i) {
    if (truth.crowds[i] != 0) crowds.push_back(static_cast<int64_t>(i));
  }
  if (crowds.empty()) return overlaps;
  const auto index = at::tensor(crowds, at::TensorOptions(at::kLong));
  return overlaps.index_copy(1, index, overlaps_of(found, objects.index_select(0, index), OverlapOf::kFirst));
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
          .object_areas = object_areas(truth, objects.boxes),
          .ignored = objects.ignored,
          .overlaps = overlaps_with(truth, boxes, objects.boxes)};
}

}  // namespace skysense
