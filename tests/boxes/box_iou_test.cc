#include "boxes/box_iou.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <vector>

#include "boxes/upright_boxes.h"
#include "testing/all_close.h"
#include "tests/boxes/turned.h"

namespace skysense {
namespace {

using testing::all_close;

TEST(BoxIou, DividesByTheUnionOrByTheFirstArea) {
  const auto a = torch::tensor({{0.0f, 0.0f, 4.0f, 2.0f}}), b = torch::tensor({{2.0f, 1.0f, 10.0f, 9.0f}});
  EXPECT_FLOAT_EQ(box_iou(a, b).item<float>(), 2.0f / 70);
  EXPECT_FLOAT_EQ(box_iou(a, b, OverlapOf::kFirst).item<float>(), 2.0f / 8);
  EXPECT_FLOAT_EQ(box_iou(b, a, OverlapOf::kFirst).item<float>(), 2.0f / 64);
}

TEST(BoxIou, OfBoxesWithoutAreaIsZero) {
  const auto empty = torch::tensor({{1.0, 1.0, 1.0, 1.0}}, torch::kDouble);
  EXPECT_EQ(box_iou(empty, empty).item<double>(), 0);
  EXPECT_EQ(box_iou(empty, empty, OverlapOf::kFirst).item<double>(), 0);
}

TEST(BoxIou, RefusesOtherShapesAndTypes) {
  const auto boxes = torch::rand({3, 4});
  EXPECT_THROW(box_iou(boxes, torch::rand({3, 5})), c10::ValueError);
  EXPECT_THROW(box_iou(boxes, torch::rand({4})), c10::ValueError);
  EXPECT_THROW(box_iou(boxes, boxes.to(torch::kDouble)), c10::ValueError);
  EXPECT_EQ(box_iou(boxes, boxes.narrow(0, 0, 0)).sizes(), (std::vector<int64_t>{3, 0}));
}

TEST(UprightBoxes, AreMeasuredClippedAndFiltered) {
  const auto boxes = torch::tensor({{-3.0f, 2.0f, 5.0f, 30.0f}, {4.0f, 4.0f, 3.0f, 9.0f}, {8.0f, 8.0f, 8.5f, 9.0f}});
  EXPECT_TRUE(box_areas(boxes).equal(torch::tensor({224.0f, 0.0f, 0.5f})));
  EXPECT_TRUE(
      clip_boxes(boxes, 20, 8)
          .equal(torch::tensor({{0.0f, 2.0f, 5.0f, 20.0f}, {4.0f, 4.0f, 3.0f, 9.0f}, {8.0f, 8.0f, 8.0f, 9.0f}})));
  EXPECT_TRUE(sides_at_least(boxes, 1).equal(torch::tensor({true, false, false})));
  EXPECT_TRUE(sides_at_least(torch::tensor({{0.0f, 0.0f, 3.0f, 0.5f, 1.0f}, {0.0f, 0.0f, 2.0f, 1.0f, 1.0f}}), 1)
                  .equal(torch::tensor({false, true})));
}

}  // namespace
}  // namespace skysense
