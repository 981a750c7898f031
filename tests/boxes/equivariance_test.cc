#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>

#include "boxes/box_coder.h"
#include "boxes/box_iou.h"
#include "boxes/midpoint_coder.h"
#include "boxes/nms.h"
#include "boxes/roi_align.h"
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
using testing::turned;
using testing::turned_map;

constexpr double kHeight = 72;  // of the image that is turned, in pixels
constexpr double kTolerance = 1e-10;

/// What is done to an image turned by 90 degrees is the turned result.
class QuarterTurn : public ::testing::Test {
 protected:
  QuarterTurn() { torch::manual_seed(11); }
};

TEST_F(QuarterTurn, KeepsOverlaps) {
  const auto a = random_rotated(80, 60, 2, 40), b = random_rotated(70, 60, 2, 40);
  EXPECT_TRUE(all_close(rotated_iou(turned(a, kHeight), turned(b, kHeight)), rotated_iou(a, b), 0, kTolerance));
  EXPECT_TRUE(
      all_close(rotated_iou(to_le90(turned(a, kHeight)), b), rotated_iou(turned(a, kHeight), b), 0, kTolerance));
  const auto upright = random_upright(80, 60, 2, 40);
  EXPECT_TRUE(
      all_close(box_iou(turned(upright, kHeight), turned(upright, kHeight)), box_iou(upright, upright), 0, kTolerance));
}

TEST_F(QuarterTurn, KeepsWhatSuppressionKeeps) {
  const auto boxes = random_rotated(500, 100, 5, 40), scores = torch::rand({500});
  const auto kept = nms(boxes, scores, {}, 0.3);
  EXPECT_LT(kept.numel(), 400);
  EXPECT_TRUE(nms(to_le90(turned(boxes, kHeight)), scores, {}, 0.3).equal(kept));
}

TEST_F(QuarterTurn, TurnsTheBinsOfUprightBoxes) {
  const auto features = torch::randn({1, 3, 18, 14}, torch::kDouble), boxes = random_upright(30, 50, 3, 40);
  const auto images = torch::zeros({30}, torch::kLong);
  for (const int64_t samples : {0, 2}) {
    const auto pooled =
        roi_align(features, boxes, images, {.height = 4, .width = 3, .scale = 0.25, .samples = samples});
    const auto after = roi_align(turned_map(features), turned(boxes, kHeight), images,
                                 {.height = 3, .width = 4, .scale = 0.25, .samples = samples});
    EXPECT_TRUE(all_close(after, turned_map(pooled), 0, kTolerance));
  }
}

TEST_F(QuarterTurn, KeepsTheBinsOfOrientedBoxes) {
  const auto features = torch::randn({1, 3, 18, 14}, torch::kDouble), boxes = random_rotated(30, 60, 3, 40);
  const auto images = torch::zeros({30}, torch::kLong);
  for (const int64_t samples : {0, 2}) {
    const RoiAlignOptions options{.height = 4, .width = 3, .scale = 0.25, .samples = samples};
    const auto pooled = roi_align(features, boxes, images, options);
    const auto after = turned(boxes, kHeight);
    EXPECT_TRUE(all_close(roi_align(turned_map(features), after, images, options), pooled, 0, kTolerance));
    // In le90 a box that was turned past 90 degrees points the other way.
    const auto opposite = (after.select(1, 4) >= M_PI_2).view({-1, 1, 1, 1});
    EXPECT_TRUE(all_close(roi_align(turned_map(features), to_le90(after), images, options),
                          torch::where(opposite, pooled.flip({2, 3}), pooled), 0, kTolerance));
  }
}

TEST_F(QuarterTurn, KeepsDeltasBetweenOrientedBoxes) {
  const auto boxes = random_rotated(100, 60, 2, 40), proposals = random_rotated(100, 60, 2, 40);
  EXPECT_TRUE(all_close(encode_rotated(to_le90(turned(boxes, kHeight)), turned(proposals, kHeight)),
                        encode_rotated(boxes, proposals), 0, 1e-8));
  const auto deltas = torch::randn({100, 5}, torch::kDouble) * 2;
  EXPECT_TRUE(all_close(rotated_corners(decode_rotated(deltas, turned(proposals, kHeight))).sum(1),
                        rotated_corners(to_le90(turned(decode_rotated(deltas, proposals), kHeight))).sum(1), 0, 1e-8));
  EXPECT_TRUE(all_close(paired_rotated_iou(decode_rotated(deltas, turned(proposals, kHeight)),
                                           turned(decode_rotated(deltas, proposals), kHeight)),
                        torch::ones({100}, torch::kDouble), 0, 1e-8));
}

TEST_F(QuarterTurn, SwapsMidpointOffsets) {
  const auto boxes = random_rotated(200, 60, 4, 40), anchors = random_upright(200, 60, 4, 40);
  const auto skew = (2 * boxes.select(1, 4)).sin().abs() > 0.3;  // of others two corners may count as touching
  const auto code = encode_midpoints(boxes, anchors);
  const auto c = code.unbind(1);
  const auto wanted = torch::stack({-c[1], c[0], c[3], c[2], c[5], c[4]}, 1);
  const auto found = encode_midpoints(turned(boxes, kHeight), turned(anchors, kHeight));
  ASSERT_GT(skew.sum().item<int64_t>(), 100);
  EXPECT_TRUE(all_close(found.index({skew}), wanted.index({skew}), 0, 1e-8));
  EXPECT_TRUE(all_close(paired_rotated_iou(decode_midpoints(wanted, turned(anchors, kHeight)),
                                           turned(decode_midpoints(code, anchors), kHeight))
                            .index({skew}),
                        torch::ones({skew.sum().item<int64_t>()}, torch::kDouble), 0, 1e-8));
}

TEST_F(QuarterTurn, SwapsDeltasBetweenUprightBoxes) {
  const auto boxes = random_upright(100, 60, 2, 40), anchors = random_upright(100, 60, 2, 40);
  const auto d = encode_boxes(boxes, anchors).unbind(1);
  EXPECT_TRUE(all_close(encode_boxes(turned(boxes, kHeight), turned(anchors, kHeight)),
                        torch::stack({-d[1], d[0], d[3], d[2]}, 1), 0, 1e-8));
}

}  // namespace
}  // namespace skysense
