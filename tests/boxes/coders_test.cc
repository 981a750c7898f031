#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>
#include <vector>

#include "boxes/anchors.h"
#include "boxes/box_coder.h"
#include "boxes/midpoint_coder.h"
#include "boxes/roi_pool.h"
#include "boxes/rotated_boxes.h"
#include "boxes/rotated_coder.h"
#include "boxes/rotated_iou.h"
#include "testing/all_close.h"
#include "tests/boxes/turned.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::random_rotated;
using testing::random_upright;

TEST(RotatedBoxes, AreBroughtToLe90) {
  const auto boxes = torch::tensor({{1.0, 2.0, 3.0, 5.0, 0.5}, {1.0, 2.0, 5.0, 3.0, 2.0}, {1.0, 2.0, 3.0, 3.0, M_PI_2}},
                                   torch::kDouble);
  const auto wanted = torch::tensor(
      {{1.0, 2.0, 5.0, 3.0, 0.5 - M_PI_2}, {1.0, 2.0, 5.0, 3.0, 2.0 - M_PI}, {1.0, 2.0, 3.0, 3.0, -M_PI_2}},
      torch::kDouble);
  EXPECT_TRUE(all_close(to_le90(boxes), wanted, 0, 1e-12));
}

TEST(RotatedBoxes, HaveAnglesBelowAQuarterTurnInAnyType) {
  for (const auto type : {torch::kFloat, torch::kDouble}) {
    const auto quarter = torch::full({1}, M_PI_2, type);
    auto angles = torch::cat({torch::linspace(-20, 20, 10001, type), quarter, -quarter, 3 * quarter, -3 * quarter,
                              torch::nextafter(-quarter, -quarter * 2), torch::nextafter(quarter, quarter * 2)});
    const auto wrapped = wrap_angles(angles);
    EXPECT_TRUE((wrapped >= -M_PI_2).logical_and(wrapped < M_PI_2).all().item<bool>());
    EXPECT_TRUE(all_close(wrapped.tan().atan().sin().abs(), angles.sin().abs(), 0, 1e-5));
  }
}

TEST(RotatedBoxes, HaveCornersClockwiseOnTheScreen) {
  const auto box = torch::tensor({{10.0, 20.0, 4.0, 2.0, 0.0}, {10.0, 20.0, 4.0, 2.0, M_PI_2}}, torch::kDouble);
  const auto wanted = torch::tensor({8.0, 19.0, 12.0, 19.0, 12.0, 21.0, 8.0, 21.0,   //
                                     11.0, 18.0, 11.0, 22.0, 9.0, 22.0, 9.0, 18.0},  //
                                    torch::kDouble)
                          .view({2, 4, 2});
  EXPECT_TRUE(all_close(rotated_corners(box), wanted, 0, 1e-12));
}

TEST(RotatedBoxes, HaveTheBoundsOfTheirCorners) {
  torch::manual_seed(7);
  const auto boxes = random_rotated(100, 50, 1, 30), corners = rotated_corners(boxes);
  EXPECT_TRUE(all_close(rotated_to_upright(boxes), torch::cat({corners.amin(1), corners.amax(1)}, 1), 0, 1e-10));
  const auto upright = random_upright(100, 50, 1, 30);
  EXPECT_TRUE(all_close(rotated_to_upright(upright_to_rotated(upright)), upright, 0, 1e-10));
}

TEST(Coders, DecodeWhatTheyEncoded) {
  torch::manual_seed(8);
  const auto upright = random_upright(500, 50, 2, 30), anchors = random_upright(500, 50, 2, 30);
  const auto rotated = random_rotated(500, 50, 2, 30), proposals = random_rotated(500, 50, 2, 30);
  const BoxCoderOptions weights{.weights = {10, 10, 5, 5}};
  EXPECT_TRUE(all_close(decode_boxes(encode_boxes(upright, anchors, weights), anchors, weights), upright, 0, 1e-9));
  const auto by_deltas = decode_rotated(encode_rotated(rotated, proposals), proposals);
  EXPECT_TRUE(all_close(by_deltas, rotated, 0, 1e-9));
  const auto skew = (2 * rotated.select(1, 4)).sin().abs() > 0.2;
  const auto by_midpoints = decode_midpoints(encode_midpoints(rotated, anchors), anchors);
  EXPECT_TRUE(all_close(by_midpoints.index({skew}), rotated.index({skew}), 0, 1e-8));
}

TEST(Coders, GiveUprightBoxesOneMidpointCode) {
  // The same rectangle as le90 may write it, and almost upright ones: within a tenth of a pixel they count as upright.
  const auto anchors = torch::tensor({{0.0, 0.0, 30.0, 30.0}}, torch::kDouble);
  for (const double turn : {0.0, 1e-4, -1e-4}) {
    const auto wide = torch::tensor({{15.0, 15.0, 20.0, 10.0, turn}}, torch::kDouble);
    const auto code = encode_midpoints(wide, anchors);
    EXPECT_TRUE(all_close(code[0].slice(0, 4), torch::tensor({1.0, 1.0}, torch::kDouble), 0, 1e-3)) << turn;
    EXPECT_GT(paired_rotated_iou(decode_midpoints(code, anchors), wide).item<double>(), 0.99);
  }
  const auto high = torch::tensor({{15.0, 15.0, 20.0, 10.0, -M_PI_2}}, torch::kDouble);
  const auto code = encode_midpoints(high, anchors);
  EXPECT_TRUE(all_close(code[0].slice(0, 4), torch::tensor({1.0, 1.0}, torch::kDouble), 0, 1e-9));
  EXPECT_NEAR(paired_rotated_iou(decode_midpoints(code, anchors), high).item<double>(), 1, 1e-9);
}

TEST(Coders, NeverTurnByMoreThanAnEighth) {
  torch::manual_seed(9);
  const auto deltas = encode_rotated(random_rotated(500, 50, 2, 30), random_rotated(500, 50, 2, 30));
  EXPECT_LE((deltas.select(1, 4) * 0.1).abs().max().item<double>(), M_PI_4 + 1e-12);
  EXPECT_GT((deltas.select(1, 4) * 0.1).abs().max().item<double>(), 0.7);
}

TEST(Coders, LimitTheGrowthOfSides) {
  const auto anchors = torch::tensor({{0.0, 0.0, 2.0, 4.0}}, torch::kDouble);
  const auto upright = decode_boxes(torch::full({1, 4}, 100.0, torch::kDouble), anchors);
  EXPECT_NEAR((upright[0][2] - upright[0][0]).item<double>(), 2 * 62.5, 1e-9);
  const auto proposals = torch::tensor({{0.0, 0.0, 4.0, 2.0, 0.3}}, torch::kDouble);
  const auto rotated = decode_rotated(torch::full({1, 5}, 1000.0, torch::kDouble), proposals);
  EXPECT_NEAR(rotated[0][2].item<double>(), 4 * 62.5, 1e-9);
}

TEST(Coders, RefuseShapesThatContradictEachOther) {
  const auto anchors = torch::rand({3, 4}), proposals = torch::rand({3, 5});
  EXPECT_THROW(decode_boxes(torch::rand({2, 4}), anchors), c10::ValueError);
  EXPECT_THROW(decode_boxes(torch::rand({3, 8}), anchors), c10::ValueError);
  EXPECT_THROW(decode_rotated(torch::rand({3, 4}), proposals), c10::ValueError);
  EXPECT_THROW(decode_midpoints(torch::rand({3, 2, 6}), anchors), c10::ValueError);
  EXPECT_THROW(encode_midpoints(proposals, proposals), c10::ValueError);
}

TEST(Anchors, KeepFractionsAsMmdetectionDoes) {
  const auto found = make_anchors(1, 2, {.stride = 8, .sizes = {10}, .ratios = {4.0}, .rounded = false});
  EXPECT_TRUE(all_close(found, torch::tensor({{-2.5f, -10.0f, 2.5f, 10.0f}, {5.5f, -10.0f, 10.5f, 10.0f}})));
  EXPECT_EQ(anchors_a_cell({.sizes = {1, 2}, .ratios = {1, 2, 3}}), 6);
}

TEST(RoiLevels, OfOrientedBoxesFollowTheirOwnArea) {
  const auto boxes = torch::tensor({{0.0f, 0.0f, 112.0f, 112.0f, 0.7f},
                                    {0.0f, 0.0f, 448.0f, 28.0f, 0.7f},
                                    {0.0f, 0.0f, 9.0f, 9.0f, 0.0f},
                                    {0.0f, 0.0f, 9000.0f, 9000.0f, 0.0f},
                                    {0.0f, 0.0f, 9.0f, 0.0f, 0.0f}});
  EXPECT_TRUE(roi_levels(boxes, 4).equal(torch::tensor({1, 1, 0, 3, 0}, torch::kLong)));
}

TEST(RoiPool, PassesGradientsToEveryLevelThatIsUsed) {
  std::vector<torch::Tensor> levels;
  for (const int64_t side : {32, 16, 8}) levels.push_back(torch::randn({1, 4, side, side}).requires_grad_());
  const auto boxes = torch::tensor({{2.0f, 2.0f, 20.0f, 20.0f}, {4.0f, 4.0f, 120.0f, 120.0f}});
  const auto pooled = pool_rois(levels, {4, 8, 16}, boxes, torch::zeros({2}, torch::kLong));
  pooled.sum().backward();
  EXPECT_GT(levels[0].grad().abs().sum().item<float>(), 0);
  EXPECT_GT(levels[1].grad().abs().sum().item<float>(), 0);
  EXPECT_FALSE(levels[2].grad().defined());
  EXPECT_THROW(pool_rois(levels, {4, 8}, boxes, torch::zeros({2}, torch::kLong)), c10::ValueError);
  EXPECT_EQ(pool_rois(levels, {4, 8, 16}, torch::empty({0, 5}), torch::empty({0}, torch::kLong)).sizes(),
            (std::vector<int64_t>{0, 4, 7, 7}));
}

}  // namespace
}  // namespace skysense
