#include "boxes/rotated_iou.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>
#include <limits>

#include "boxes/rotated_iou_tensors.h"
#include "testing/all_close.h"
#include "tests/boxes/turned.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::random_rotated;

torch::Tensor box(double x, double y, double width, double height, double angle) {
  return torch::tensor({{x, y, width, height, angle}}, torch::kDouble);
}

double iou(const torch::Tensor& a, const torch::Tensor& b, OverlapOf of = OverlapOf::kUnion) {
  const auto found = rotated_iou(a, b, of).item<double>();
  const auto by_tensors = rotated_iou_by_tensors(a, b, of).item<double>();
  EXPECT_EQ(std::isnan(found), std::isnan(by_tensors));
  if (!std::isnan(found)) {
    EXPECT_NEAR(found, by_tensors, 1e-12);
  }
  return found;
}

TEST(RotatedIou, OfKnownPairs) {
  EXPECT_NEAR(iou(box(5, 5, 4, 2, 0.3), box(5, 5, 4, 2, 0.3)), 1, 1e-12);
  EXPECT_NEAR(iou(box(0, 0, 4, 2, 0), box(2, 0, 4, 2, 0)), 4.0 / 12, 1e-12);
  EXPECT_NEAR(iou(box(0, 0, 4, 2, 0), box(0, 0, 4, 2, M_PI_2)), 4.0 / 12, 1e-12);
  // A unit square and itself turned by 45 degrees share a regular octagon of area 2 (sqrt(2) - 1).
  const double octagon = 2 * (std::sqrt(2.0) - 1);
  EXPECT_NEAR(iou(box(1, 1, 1, 1, 0), box(1, 1, 1, 1, M_PI_4)), octagon / (2 - octagon), 1e-12);
  EXPECT_NEAR(iou(box(1, 1, 2, 2, 0), box(1, 1, 8, 8, 0.7), OverlapOf::kFirst), 1, 1e-12);
  EXPECT_NEAR(iou(box(1, 1, 8, 8, 0.7), box(1, 1, 2, 2, 0), OverlapOf::kFirst), 4.0 / 64, 1e-12);
}

TEST(RotatedIou, OfBoxesWithoutAreaIsZeroAndOfNotANumberNotANumber) {
  EXPECT_EQ(iou(box(1, 1, 0, 3, 0.2), box(1, 1, 0, 3, 0.2)), 0);
  EXPECT_EQ(iou(box(1, 1, -2, 3, 0.2), box(1, 1, 4, 3, 0.2)), 0);
  EXPECT_EQ(iou(box(1, 1, 0, 3, 0.2), box(1, 1, 4, 4, 0.2), OverlapOf::kFirst), 0);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (int i = 0; i < 5; ++i) {
    auto bad = box(1, 1, 4, 4, 0.2);
    bad[0][i] = nan;
    for (const auto of : {OverlapOf::kUnion, OverlapOf::kFirst}) {
      EXPECT_TRUE(std::isnan(iou(bad, box(1, 1, 4, 4, 0), of))) << i;
      EXPECT_TRUE(std::isnan(iou(box(1, 1, 4, 4, 0), bad, of))) << i;
    }
  }
}

TEST(RotatedIou, ChangesLittleWhereSidesAlmostCoincide) {
  for (const double change : {1e-15, 1e-12, 1e-9, 1e-6}) {
    for (const double angle : {0.0, 0.3, M_PI_2, -M_PI_2, M_PI_4}) {
      EXPECT_NEAR(iou(box(3, 7, 40, 9, angle), box(3, 7, 40, 9, angle + change)), 1, 10 * change + 1e-12);
      EXPECT_NEAR(iou(box(3, 7, 40, 9, angle), box(3 + change, 7, 40, 9, angle)), 1, 10 * change + 1e-12);
    }
  }
}

TEST(RotatedIou, LosesNothingFarFromTheOrigin) {
  torch::manual_seed(1);
  const auto a = random_rotated(100, 64, 4, 50), b = random_rotated(100, 64, 4, 50);
  // Powers of two, and coordinates in sixteenths: the shift itself is exact in float64.
  const auto round = [](const torch::Tensor& boxes) {
    return torch::cat({(boxes.slice(1, 0, 2) * 16).round() / 16, boxes.slice(1, 2)}, 1);
  };
  const auto shift = torch::tensor({{1048576.0, -4194304.0, 0.0, 0.0, 0.0}}, torch::kDouble);
  EXPECT_TRUE(rotated_iou(round(a) + shift, round(b) + shift).equal(rotated_iou(round(a), round(b))));
}

TEST(RotatedIou, OfManyBoxesEqualsThatOfPairs) {
  torch::manual_seed(2);
  const auto a = random_rotated(3, 60, 2, 40), b = random_rotated(5001, 60, 2, 40);  // more than a piece of a row
  const auto table = rotated_iou(a, b);
  EXPECT_EQ(table.sizes(), (std::vector<int64_t>{3, 5001}));
  for (int64_t i = 0; i < 3; ++i) EXPECT_TRUE(paired_rotated_iou(a[i].expand({5001, 5}), b).equal(table[i]));
  EXPECT_TRUE(all_close(rotated_iou(b, a).t(), table, 0, 1e-12));
  EXPECT_TRUE(all_close(rotated_iou_by_tensors(a.unsqueeze(1), b.unsqueeze(0), OverlapOf::kUnion), table, 0, 1e-12));
  EXPECT_EQ(rotated_iou(a, b.narrow(0, 0, 0)).sizes(), (std::vector<int64_t>{3, 0}));
  EXPECT_EQ(rotated_iou(a.narrow(0, 0, 0), b).sizes(), (std::vector<int64_t>{0, 5001}));
}

TEST(RotatedIou, RefusesOtherShapesAndTypes) {
  const auto boxes = torch::rand({3, 5});
  EXPECT_THROW(rotated_iou(boxes, torch::rand({3, 4})), c10::ValueError);
  EXPECT_THROW(rotated_iou(boxes, boxes.to(torch::kDouble)), c10::ValueError);
  EXPECT_THROW(rotated_iou(boxes.to(torch::kLong), boxes.to(torch::kLong)), c10::ValueError);
  EXPECT_THROW(paired_rotated_iou(boxes, torch::rand({4, 5})), c10::ValueError);
}

}  // namespace
}  // namespace skysense
