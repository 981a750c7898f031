#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "boxes/midpoint_coder.h"
#include "boxes/nms.h"
#include "boxes/roi_align.h"
#include "boxes/roi_align_tensors.h"
#include "boxes/rotated_boxes.h"
#include "boxes/rotated_coder.h"
#include "boxes/rotated_iou.h"
#include "boxes/rotated_iou_tensors.h"
#include "testing/all_close.h"
#include "testing/fixture.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::Fixture;

TEST(RotatedBoxesParity, OverlapsOfAHundredThousandPairsEqualShapelys) {
  const Fixture fixture("rotated_pairs");
  const auto first = fixture["first"], second = fixture["second"], wanted = fixture["iou"];
  // The boxes are float32, but what is computed of them is exact in float64.
  const auto found = paired_rotated_iou(first.to(torch::kDouble), second.to(torch::kDouble));
  EXPECT_TRUE(all_close(found, wanted, 0, 1e-7));
  EXPECT_TRUE(all_close(paired_rotated_iou(first, second).to(torch::kDouble), wanted, 0, 1e-6));
  EXPECT_TRUE(all_close(rotated_iou_by_tensors(first.to(torch::kDouble), second.to(torch::kDouble), OverlapOf::kUnion),
                        wanted, 0, 1e-7));
}

TEST(RotatedBoxesParity, SuppressionEqualsThatByShapelysOverlaps) {
  const Fixture fixture("rotated_nms");
  for (const int percent : {10, 30, 50}) {
    const auto name = std::to_string(percent);
    EXPECT_TRUE(nms(fixture["boxes"], fixture["scores"], {}, percent / 100.0).equal(fixture["kept_" + name])) << name;
    EXPECT_TRUE(nms(fixture["boxes"], fixture["scores"], fixture["classes"], percent / 100.0)
                    .equal(fixture["kept_by_class_" + name]))
        << name;
  }
}

void expect_alignment(const std::string& name, int64_t samples) {
  const Fixture fixture(name);
  const RoiAlignOptions options{.height = 3, .width = 4, .scale = 0.25, .samples = samples};
  for (const bool by_tensors : {false, true}) {
    const auto features = fixture["features"].requires_grad_();
    const auto pooled =
        by_tensors ? roi_align_by_tensors(features, fixture["boxes"].to(torch::kDouble), fixture["images"], options)
                   : roi_align(features, fixture["boxes"], fixture["images"], options);
    EXPECT_TRUE(all_close(pooled, fixture["pooled"], 1e-10, 1e-10));
    (pooled * fixture["probe"]).sum().backward();
    EXPECT_TRUE(all_close(features.grad(), fixture["gradient"], 1e-10, 1e-10));
  }
}

TEST(RotatedBoxesParity, AlignmentEqualsALoopOverTwoSamplesASide) { expect_alignment("rotated_align_fixed", 2); }

TEST(RotatedBoxesParity, AlignmentEqualsALoopOverAsManySamplesAsCells) {
  expect_alignment("rotated_align_adaptive", 0);
}

/// Each corner of `found` [N, 4, 2] is one of `wanted`, in any order.
void expect_same_corners(const torch::Tensor& found, const torch::Tensor& wanted) {
  const auto distance = (found.unsqueeze(2) - wanted.unsqueeze(1)).norm(2, 3);  // [N, 4, 4]
  EXPECT_LT(distance.amin(1).max().item<double>(), 1e-6);
  EXPECT_LT(distance.amin(2).max().item<double>(), 1e-6);
}

void expect_le90(const torch::Tensor& boxes) {
  EXPECT_TRUE((boxes.select(1, 2) >= boxes.select(1, 3)).all().item<bool>());
  EXPECT_TRUE((boxes.select(1, 4) >= -M_PI_2).logical_and(boxes.select(1, 4) < M_PI_2).all().item<bool>());
}

TEST(RotatedBoxesParity, MidpointOffsetsEqualTheirFormulas) {
  const Fixture fixture("rotated_midpoints");
  EXPECT_TRUE(all_close(encode_midpoints(fixture["boxes"], fixture["anchors"]), fixture["encoded"], 1e-9, 1e-9));
  const auto decoded = decode_midpoints(fixture["deltas"], fixture["anchors"]);
  expect_le90(decoded);
  expect_same_corners(rotated_corners(decoded), fixture["decoded_corners"]);
}

TEST(RotatedBoxesParity, DeltasEqualTheirFormulas) {
  const Fixture fixture("rotated_deltas");
  const auto proposals = fixture["proposals"];
  EXPECT_TRUE(all_close(encode_rotated(fixture["boxes"], proposals), fixture["encoded"], 1e-9, 1e-9));
  const auto decoded = decode_rotated(fixture["deltas"], proposals);
  expect_le90(decoded);
  expect_same_corners(rotated_corners(decoded), fixture["decoded_corners"]);
  EXPECT_TRUE(decode_rotated(fixture["deltas"].unsqueeze(1), proposals).squeeze(1).equal(decoded));
}

}  // namespace
}  // namespace skysense
