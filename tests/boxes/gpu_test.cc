#include <gtest/gtest.h>
#include <torch/cuda.h>
#include <torch/utils.h>

#include <limits>

#include "boxes/box_iou.h"
#include "boxes/nms.h"
#include "boxes/roi_align.h"
#include "boxes/rotated_iou.h"
#include "testing/all_close.h"
#include "tests/boxes/turned.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::random_rotated;
using testing::random_upright;

constexpr double kSingle = 1e-5, kDouble = 1e-11;

/// What every operation gives on a GPU is what it gives on the CPU.
class BoxesOnAGpu : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!torch::cuda::is_available()) GTEST_SKIP() << "there is no GPU here";
    torch::manual_seed(5);
  }
  static torch::Tensor gpu(const torch::Tensor& tensor) { return tensor.to(torch::kCUDA); }
};

TEST_F(BoxesOnAGpu, Overlap) {
  for (const auto dtype : {torch::kFloat, torch::kDouble}) {
    const double tolerance = dtype == torch::kFloat ? kSingle : kDouble;
    const auto upright = random_upright(300, 60, 0, 40).to(dtype), rotated = random_rotated(300, 60, 0, 40).to(dtype);
    for (const OverlapOf of : {OverlapOf::kUnion, OverlapOf::kFirst}) {
      const auto found = box_iou(gpu(upright), gpu(upright), of);
      EXPECT_TRUE(found.is_cuda());
      EXPECT_TRUE(all_close(found.cpu(), box_iou(upright, upright, of), 0, tolerance));
      const auto turned = rotated_iou(gpu(rotated), gpu(rotated), of);
      EXPECT_TRUE(turned.is_cuda());
      EXPECT_TRUE(all_close(turned.cpu(), rotated_iou(rotated, rotated, of), 0, tolerance));
      EXPECT_TRUE(all_close(paired_rotated_iou(gpu(rotated), gpu(rotated.flip(0)), of).cpu(),
                            paired_rotated_iou(rotated, rotated.flip(0), of), 0, tolerance));
    }
  }
}

TEST_F(BoxesOnAGpu, OverlapWhereTheyTouchAreThinOrNoNumbers) {
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  const auto boxes = torch::tensor({{0.0, 0.0, 10.0, 4.0, 0.3},
                                    {0.0, 0.0, 10.0, 4.0, 0.3},
                                    {0.0, 0.0, 10.0, 0.0, 0.3},
                                    {0.0, 0.0, 1e-9, 40.0, 1.2},
                                    {0.0, 0.0, -3.0, 4.0, 0.0},
                                    {1e6, 1e6, 10.0, 4.0, 0.3},
                                    {nan, 0.0, 10.0, 4.0, 0.3}},
                                   torch::kDouble);
  EXPECT_TRUE(torch::allclose(rotated_iou(gpu(boxes), gpu(boxes)).cpu(), rotated_iou(boxes, boxes), 0, kDouble,
                              /*equal_nan=*/true));
}

TEST_F(BoxesOnAGpu, SuppressOneAnother) {
  const auto scores = torch::rand({2000}), classes = torch::randint(0, 3, {2000}, torch::kLong);
  for (const auto& boxes : {random_upright(2000, 200, 5, 40).to(torch::kFloat), random_rotated(2000, 200, 5, 40)}) {
    const auto kept = nms(gpu(boxes), gpu(scores), gpu(classes), 0.4);
    EXPECT_TRUE(kept.is_cuda());
    EXPECT_LT(kept.numel(), 1500);
    EXPECT_TRUE(kept.cpu().equal(nms(boxes, scores, classes, 0.4)));
  }
}

TEST_F(BoxesOnAGpu, AlignRegionsWithTheirGradient) {
  const auto images = torch::randint(0, 2, {40}, torch::kLong);
  for (const auto dtype : {torch::kFloat, torch::kDouble}) {
    const double tolerance = dtype == torch::kFloat ? 1e-4 : 1e-10;
    for (const auto& boxes : {random_upright(40, 60, 1, 50).to(dtype), random_rotated(40, 80, 1, 50).to(dtype)}) {
      for (const int64_t samples : {0, 2}) {
        const RoiAlignOptions options{.height = 7, .width = 5, .scale = 0.25, .samples = samples};
        const auto here = torch::randn({2, 8, 20, 18}, dtype).requires_grad_();
        const auto there = gpu(here.detach()).requires_grad_();
        const auto pooled = roi_align(here, boxes, images, options);
        const auto pooled_there = roi_align(there, gpu(boxes), gpu(images), options);
        EXPECT_TRUE(pooled_there.is_cuda());
        EXPECT_TRUE(all_close(pooled_there.cpu(), pooled, tolerance, tolerance)) << samples;
        const auto given = torch::randn_like(pooled);
        pooled.backward(given);
        pooled_there.backward(gpu(given));
        EXPECT_TRUE(all_close(there.grad().cpu(), here.grad(), tolerance, tolerance)) << samples;
      }
    }
  }
}

}  // namespace
}  // namespace skysense
