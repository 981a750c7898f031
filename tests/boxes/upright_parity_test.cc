#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "boxes/anchors.h"
#include "boxes/box_coder.h"
#include "boxes/box_iou.h"
#include "boxes/nms.h"
#include "boxes/roi_align.h"
#include "boxes/roi_align_tensors.h"
#include "boxes/roi_pool.h"
#include "testing/all_close.h"
#include "testing/fixture.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::Fixture;

// Overlaps, suppression and anchors are torchvision's to the bit; sums over samples differ by their order.

TEST(UprightBoxesParity, OverlapsEqualTorchvisions) {
  const Fixture fixture("boxes_iou");
  EXPECT_TRUE(box_iou(fixture["first"], fixture["second"]).equal(fixture["iou"]));
}

TEST(UprightBoxesParity, SuppressionEqualsTorchvisions) {
  const Fixture fixture("boxes_nms");
  const auto boxes = fixture["boxes"], scores = fixture["scores"], classes = fixture["classes"];
  for (const int percent : {0, 30, 50, 70}) {
    EXPECT_TRUE(nms(boxes, scores, {}, percent / 100.0).equal(fixture["kept_" + std::to_string(percent)])) << percent;
    EXPECT_TRUE(nms(boxes, scores, classes, percent / 100.0).equal(fixture["kept_by_class_" + std::to_string(percent)]))
        << percent;
  }
}

void expect_alignment(const std::string& name, const RoiAlignOptions& options) {
  const Fixture fixture(name);
  for (const auto format : {torch::MemoryFormat::Contiguous, torch::MemoryFormat::ChannelsLast}) {
    const auto features = fixture["features"].contiguous(format).requires_grad_();
    const auto pooled = roi_align(features, fixture["boxes"], fixture["images"], options);
    EXPECT_TRUE(all_close(pooled, fixture["pooled"], 1e-4, 2e-5));
    (pooled * fixture["probe"]).sum().backward();
    EXPECT_TRUE(all_close(features.grad(), fixture["gradient"], 1e-4, 5e-5));
  }
  const auto features = fixture["features"].requires_grad_();
  const auto pooled = roi_align_by_tensors(features, fixture["boxes"], fixture["images"], options);
  EXPECT_TRUE(all_close(pooled, fixture["pooled"], 1e-4, 2e-5));
  (pooled * fixture["probe"]).sum().backward();
  EXPECT_TRUE(all_close(features.grad(), fixture["gradient"], 1e-4, 5e-5));
}

TEST(UprightBoxesParity, AlignmentEqualsTorchvisionsWithTwoSamplesASide) {
  expect_alignment("boxes_align_fixed", {.height = 7, .width = 7, .scale = 1.0 / 8, .samples = 2});
}

TEST(UprightBoxesParity, AlignmentEqualsTorchvisionsWithAsManySamplesAsCells) {
  expect_alignment("boxes_align_adaptive", {.height = 3, .width = 5, .scale = 1.0 / 8, .samples = 0});
}

TEST(UprightBoxesParity, BoxesArePooledFromTorchvisionsLevels) {
  const Fixture fixture("boxes_pyramid");
  EXPECT_TRUE(roi_levels(fixture["boxes"], 4).equal(fixture["target"]));
  const std::vector<torch::Tensor> levels = {fixture["level0"], fixture["level1"], fixture["level2"],
                                             fixture["level3"]};
  EXPECT_TRUE(
      all_close(pool_rois(levels, {4, 8, 16, 32}, fixture["boxes"], fixture["images"]), fixture["pooled"], 1e-4, 1e-4));
}

TEST(UprightBoxesParity, DeltasEqualTorchvisions) {
  const Fixture fixture("boxes_coder");
  const auto anchors = fixture["anchors"];
  for (const auto& [name, options] :
       {std::pair<std::string, BoxCoderOptions>{"plain", {}}, {"head", {.weights = {10, 10, 5, 5}}}}) {
    EXPECT_TRUE(all_close(encode_boxes(fixture["boxes"], anchors, options), fixture[name + "_encoded"], 1e-5, 1e-5));
    EXPECT_TRUE(
        all_close(decode_boxes(fixture[name + "_deltas"], anchors, options), fixture[name + "_decoded"], 1e-5, 1e-4));
  }
}

TEST(UprightBoxesParity, AnchorsEqualTorchvisions) {
  const Fixture fixture("boxes_anchors");
  EXPECT_TRUE(make_anchors(12, 16, {.stride = 8, .sizes = {32, 40.3}}).equal(fixture["level0"]));
  EXPECT_TRUE(make_anchors(6, 8, {.stride = 16, .sizes = {64}, .ratios = {0.5, 1, 3.7}}).equal(fixture["level1"]));
}

}  // namespace
}  // namespace skysense
