#include "boxes/nms.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>
#include <limits>
#include <vector>

#include "boxes/box_iou.h"
#include "boxes/rotated_iou.h"
#include "tests/boxes/turned.h"

namespace skysense {
namespace {

using testing::random_rotated;
using testing::random_upright;

torch::Tensor numbers(const std::vector<int64_t>& values) { return torch::tensor(values, torch::kLong); }

/// The definition, on all pairs.
torch::Tensor by_definition(const torch::Tensor& boxes, const torch::Tensor& scores, const torch::Tensor& classes,
                            double threshold) {
  const auto overlaps = boxes.size(1) == 5 ? rotated_iou(boxes, boxes) : box_iou(boxes, boxes);
  const auto table = overlaps.to(torch::kDouble), order = std::get<1>(scores.sort(true, 0, true));
  const auto overlap = table.accessor<double, 2>();
  const auto number = order.accessor<int64_t, 1>(), group = classes.accessor<int64_t, 1>();
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < order.size(0); ++i) {
    bool keep = true;
    for (const int64_t other : kept)
      keep = keep && !(group[other] == group[number[i]] && overlap[other][number[i]] > threshold);
    if (keep) kept.push_back(number[i]);
  }
  return numbers(kept);
}

TEST(Nms, KeepsWhatTheDefinitionKeepsAmongBoxesOfAllSizes) {
  torch::manual_seed(3);
  // From thousandths of a pixel to the whole scene, on both sides of the origin.
  const auto sizes = torch::pow(10, torch::rand({1500, 1}, torch::kDouble) * 7 - 3);
  const auto shape = torch::tensor({{1.0, 1.0, 1.0, 0.02, 1.0}}, torch::kDouble);
  auto rotated = random_rotated(1500, 1, 0.2, 1);
  rotated.narrow(0, 0, 300).mul_(shape);  // thin ones
  rotated =
      torch::cat({(rotated.slice(1, 0, 2) - 0.5) * sizes * 4, rotated.slice(1, 2, 4) * sizes, rotated.slice(1, 4)}, 1);
  const auto upright = (random_upright(1500, 1, 0.1, 1) - 0.5) * sizes * 2;
  const auto scores = (torch::rand({1500}) * 50).round(), classes = torch::randint(0, 3, {1500}, torch::kLong);
  for (const auto& boxes :
       {rotated, upright, upright.to(torch::kFloat), rotated.to(torch::kFloat).to(torch::kDouble)}) {
    for (const double threshold : {0.0, 0.1, 0.5}) {
      const auto kept = nms(boxes, scores, classes, threshold);
      EXPECT_LT(kept.numel(), 1500);
      EXPECT_TRUE(kept.equal(by_definition(boxes, scores, classes, threshold))) << threshold;
    }
  }
}

TEST(Nms, TakesEqualScoresInTheOrderOfTheBoxesAndNotANumberLast) {
  const auto boxes = torch::tensor({{0.0f, 0.0f, 9.0f, 9.0f}}).repeat({4, 1});
  EXPECT_TRUE(nms(boxes, torch::tensor({1.0f, 2.0f, 2.0f, 2.0f}), {}, 0.5).equal(numbers({1})));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(nms(boxes, torch::tensor({nan, -1.0f, nan, -2.0f}), {}, 0.5).equal(numbers({1})));
  EXPECT_TRUE(nms(boxes, torch::tensor({nan, -1.0f, nan, -2.0f}), {}, 1).equal(numbers({1, 3, 0, 2})));
}

TEST(Nms, LeavesNeighboursThatOnlyTouchAlone) {
  // A street of turned houses wall to wall: roundings of nothing are no overlap.
  auto boxes = torch::zeros({50, 5}, torch::kDouble);
  const auto along = torch::arange(50, torch::kDouble) * 8;
  boxes.select(1, 0).copy_(along * std::cos(0.4));
  boxes.select(1, 1).copy_(along * std::sin(0.4));
  boxes.slice(1, 2, 5).copy_(torch::tensor({8.0 - 1e-9, 5.0, 0.4}, torch::kDouble));
  EXPECT_EQ(nms(boxes, torch::arange(50), {}, 0).numel(), 50);
}

TEST(Nms, ComparesBoxesOfOneClassOnly) {
  const auto boxes = torch::tensor({{0.0f, 0.0f, 9.0f, 9.0f}}).repeat({4, 1});
  const auto scores = torch::tensor({0.1f, 0.2f, 0.3f, 0.4f});
  EXPECT_TRUE(nms(boxes, scores, torch::tensor({7, -5, 7, 1}, torch::kInt), 0.5).equal(numbers({3, 2, 1})));
}

TEST(Nms, KeepsBoxesWithNumbersThatAreNotFinite) {
  auto boxes = torch::tensor({{5.0f, 5.0f, 9.0f, 9.0f, 0.0f}}).repeat({4, 1});
  boxes[1][0] = std::numeric_limits<float>::infinity();
  boxes[2][4] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(nms(boxes, torch::tensor({0.4f, 0.3f, 0.2f, 0.1f}), {}, 0.5).equal(numbers({0, 1, 2})));
}

TEST(Nms, OfNothingIsNothing) {
  for (const int64_t columns : {4, 5})
    EXPECT_TRUE(nms(torch::empty({0, columns}), torch::empty({0}), {}, 0.5).equal(numbers({})));
}

TEST(Nms, RefusesShapesThatContradictEachOther) {
  const auto boxes = torch::rand({3, 4});
  EXPECT_THROW(nms(torch::rand({3, 6}), torch::rand({3}), {}, 0.5), c10::ValueError);
  EXPECT_THROW(nms(boxes, torch::rand({2}), {}, 0.5), c10::ValueError);
  EXPECT_THROW(nms(boxes, torch::rand({3}), torch::zeros({3}), 0.5), c10::ValueError);
  EXPECT_THROW(nms(boxes, torch::rand({3}), torch::zeros({4}, torch::kLong), 0.5), c10::ValueError);
  EXPECT_THROW(nms(boxes, torch::rand({3}), {}, -0.1), c10::ValueError);
}

}  // namespace
}  // namespace skysense
