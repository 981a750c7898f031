#include "core/wide_vectors.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "boxes/box_iou.h"
#include "boxes/nms.h"
#include "boxes/roi_align.h"
#include "boxes/rotated_iou.h"
#include "testing/narrowed_vectors.h"
#include "tests/boxes/turned.h"

namespace skysense {
namespace {

using testing::random_rotated;
using testing::random_upright;

/// RoIAlign and the gradient of its features.
std::vector<torch::Tensor> aligned(const torch::Tensor& features, const torch::Tensor& boxes) {
  const auto learning = features.detach().clone().requires_grad_();
  const auto images = torch::arange(boxes.size(0)).remainder(features.size(0));
  const auto pooled = roi_align(learning, boxes, images, {.height = 7, .width = 7, .scale = 0.25, .samples = 2});
  // Weights of their own, so that no sum is one of equal parts.
  pooled.backward(torch::linspace(-1, 1, pooled.numel()).view_as(pooled));
  return {pooled.detach(), learning.grad()};
}

TEST(WideVectors, EveryWidthGivesTheSameBits) {
  if (native_vectors() == VectorWidth::kBaseline) GTEST_SKIP() << "this processor has neither AVX2 nor AVX-512";
  torch::manual_seed(11);
  // Sides and channels that are no multiples of any vector's length.
  const auto map = torch::randn({2, 37, 29, 31});
  const auto upright = random_upright(101, 90, 0.5, 60).to(torch::kFloat),
             rotated = random_rotated(101, 110, 0.5, 60).to(torch::kFloat);
  const auto scores = torch::rand({101}), classes = torch::arange(101).remainder(3);
  const std::vector<std::pair<std::string, std::function<std::vector<torch::Tensor>()>>> works = {
      {"RoIAlign of upright boxes", [&] { return aligned(map, upright); }},
      {"RoIAlign of oriented boxes", [&] { return aligned(map, rotated); }},
      {"RoIAlign, channels last", [&] { return aligned(map.contiguous(at::MemoryFormat::ChannelsLast), rotated); }},
      {"overlaps of upright boxes", [&] { return std::vector{box_iou(upright, upright)}; }},
      {"overlaps of oriented boxes", [&] { return std::vector{rotated_iou(rotated, rotated)}; }},
      {"NMS of upright boxes", [&] { return std::vector{nms(upright, scores, classes, 0.3)}; }},
      {"NMS of oriented boxes", [&] { return std::vector{nms(rotated, scores, classes, 0.3)}; }}};
  for (const auto& [name, work] : works) {
    const auto widest = work();
    for (const VectorWidth width : {VectorWidth::kBaseline, VectorWidth::kAvx2}) {
      const testing::NarrowedVectors narrowed(width);
      const auto found = work();
      for (size_t i = 0; i < widest.size(); ++i)
        EXPECT_TRUE(at::equal(found[i], widest[i])) << name << ", width " << static_cast<int>(width);
    }
  }
}

}  // namespace
}  // namespace skysense
