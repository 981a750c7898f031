#include "detection/object_targets.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include "boxes/rotated_boxes.h"
#include "core/oriented_box.h"

namespace skysense {
namespace {

constexpr int64_t kUprightNumbers = 4;

/// float32 [N, 5] in le90, or the upright bounds [N, 4].
torch::Tensor boxes_of(const std::vector<OrientedBox>& objects, DetectorKind detector) {
  auto boxes = at::empty({static_cast<int64_t>(objects.size()), box_numbers(detector)}, at::kFloat);
  float* next = boxes.mutable_data_ptr<float>();
  for (const OrientedBox& object : objects) {
    if (detector == DetectorKind::kOrientedRcnn) {
      const OrientedBox box = normalised(object);
      for (const double number : {box.x, box.y, box.width, box.height, box.angle}) *next++ = static_cast<float>(number);
    } else {
      const UprightBox box = object.bounds();
      for (const double number : {box.left, box.top, box.right, box.bottom}) *next++ = static_cast<float>(number);
    }
  }
  return boxes;
}

}  // namespace

ObjectTargets targets_of(const ObjectLabels& labels, DetectorKind detector) {
  ObjectTargets targets;
  targets.boxes = boxes_of(labels.boxes, detector);
  targets.classes = at::tensor(labels.classes, at::TensorOptions(at::kLong));
  targets.ignored =
      at::tensor(std::vector<int64_t>(labels.ignored.begin(), labels.ignored.end()), at::TensorOptions(at::kLong))
          .to(at::kBool);
  return targets;
}

std::vector<OrientedBox> oriented_boxes(const torch::Tensor& boxes) {
  const auto five = boxes.size(1) == kUprightNumbers ? upright_to_rotated(boxes) : boxes;
  const auto values = five.to(at::kCPU, at::kDouble).contiguous();
  const double* number = values.const_data_ptr<double>();
  std::vector<OrientedBox> result;
  for (int64_t i = 0; i < values.size(0); ++i, number += values.size(1))
    result.push_back({.x = number[0], .y = number[1], .width = number[2], .height = number[3], .angle = number[4]});
  return result;
}

ObjectTargets to_device(const ObjectTargets& targets, torch::Device device) {
  ObjectTargets moved{.boxes = targets.boxes.to(device, /*non_blocking=*/true),
                      .classes = targets.classes.to(device, /*non_blocking=*/true)};
  if (targets.ignored.defined()) moved.ignored = targets.ignored.to(device, /*non_blocking=*/true);
  return moved;
}

}  // namespace skysense
