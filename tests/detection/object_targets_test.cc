#include "detection/object_targets.h"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <numbers>

#include "testing/all_close.h"

namespace skysense {
namespace {

using testing::all_close;

ObjectLabels two_objects() {
  ObjectLabels labels;
  labels.add({.x = 10, .y = 20, .width = 4, .height = 8, .angle = 0}, 2, false);  // the long side is upright
  labels.add({.x = 5, .y = 6, .width = 2, .height = 2, .angle = std::numbers::pi / 4}, 0, true);
  return labels;
}

TEST(ObjectTargets, AreOrientedBoxesOrTheirUprightBounds) {
  const auto oriented = targets_of(two_objects(), DetectorKind::kOrientedRcnn);
  EXPECT_TRUE(all_close(oriented.boxes[0], at::tensor({10., 20., 8., 4., -std::numbers::pi / 2}).to(at::kFloat)));
  const auto upright = targets_of(two_objects(), DetectorKind::kFasterRcnn);
  const double half = std::numbers::sqrt2;
  EXPECT_TRUE(
      all_close(upright.boxes,
                at::tensor({8., 16., 12., 24., 5 - half, 6 - half, 5 + half, 6 + half}).to(at::kFloat).view({2, 4})));
  EXPECT_TRUE(torch::equal(upright.classes, at::tensor({2, 0}, at::TensorOptions(at::kLong))));
  EXPECT_TRUE(torch::equal(upright.ignored, at::tensor({0, 1}).to(at::kBool)));
  EXPECT_EQ(targets_of({}, DetectorKind::kFasterRcnn).boxes.sizes(), at::IntArrayRef({0, 4}));
  EXPECT_EQ(targets_of({}, DetectorKind::kOrientedRcnn).ignored.scalar_type(), at::kBool);
}

TEST(ObjectTargets, DetectionsBecomeObjectsInTheirOrder) {
  const auto targets = targets_of(two_objects(), DetectorKind::kOrientedRcnn);
  const auto boxes = oriented_boxes(targets.boxes);
  ASSERT_EQ(boxes.size(), 2);
  EXPECT_NEAR(boxes[0].width, 8, 1e-6);
  EXPECT_NEAR(boxes[0].angle, -std::numbers::pi / 2, 1e-6);
  const auto upright = oriented_boxes(targets_of(two_objects(), DetectorKind::kFasterRcnn).boxes);
  EXPECT_NEAR(upright[0].bounds().left, 8, 1e-5);
  EXPECT_NEAR(upright[0].bounds().bottom, 24, 1e-5);
  EXPECT_TRUE(oriented_boxes(targets.boxes.narrow(0, 0, 0)).empty());
}

}  // namespace
}  // namespace skysense
