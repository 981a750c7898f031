#include "boxes/roi_align.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <limits>
#include <vector>

#include "boxes/rotated_boxes.h"
#include "testing/all_close.h"
#include "tests/boxes/turned.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::random_rotated;
using testing::random_upright;

/// The threads of LibTorch while the object lives.
class Threads {
 public:
  explicit Threads(int count) : before_(at::get_num_threads()) { at::set_num_threads(count); }
  ~Threads() { at::set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  const int before_;
};

torch::Tensor first_image(int64_t boxes) { return torch::zeros({boxes}, torch::kLong); }

/// A map whose value at a cell's centre is a * x + b * y in pixels of `stride`.
torch::Tensor plane(double a, double b, double stride) {
  const auto centre = (torch::arange(32, torch::kDouble) + 0.5) * stride;
  return (a * centre.unsqueeze(0) + b * centre.unsqueeze(1)).view({1, 1, 32, 32});
}

TEST(RoiAlign, OfALinearMapIsItsValueAtTheCentresOfTheBins) {
  const auto map = plane(3, -2, 4);
  for (const int64_t samples : {0, 1, 2, 5}) {
    const RoiAlignOptions options{.height = 2, .width = 4, .scale = 0.25, .samples = samples};
    const auto upright = torch::tensor({{20.0, 40.0, 52.0, 60.0}}, torch::kDouble);
    const auto found = roi_align(map, upright, first_image(1), options);
    EXPECT_NEAR(found[0][0][0][0].item<double>(), 3 * 24 - 2 * 45, 1e-9);
    EXPECT_NEAR(found[0][0][1][3].item<double>(), 3 * 48 - 2 * 55, 1e-9);
    // Pointing down the screen: the first column of bins lies at the top, the first row on the right.
    const auto rotated = torch::tensor({{60.0, 50.0, 40.0, 20.0, M_PI_2}}, torch::kDouble);
    const auto turned = roi_align(map, rotated, first_image(1), options);
    EXPECT_NEAR(turned[0][0][0][0].item<double>(), 3 * 65 - 2 * 35, 1e-9);
    EXPECT_NEAR(turned[0][0][1][3].item<double>(), 3 * 55 - 2 * 65, 1e-9);
  }
}

TEST(RoiAlign, OfAnUprightBoxIsThatOfTheOrientedOneWithoutATurn) {
  torch::manual_seed(4);
  const auto map = torch::randn({1, 3, 20, 20}, torch::kDouble), upright = random_upright(50, 15, 1, 12);
  const auto centre = (upright.slice(1, 0, 2) + upright.slice(1, 2)) / 2,
             sides = upright.slice(1, 2) - upright.slice(1, 0, 2);
  const auto rotated = torch::cat({centre, sides, torch::zeros({50, 1}, torch::kDouble)}, 1);
  for (const int64_t samples : {0, 3}) {
    EXPECT_TRUE(all_close(roi_align(map, rotated, first_image(50), {.samples = samples}),
                          roi_align(map, upright, first_image(50), {.samples = samples}), 0, 1e-10));
  }
}

TEST(RoiAlign, OfBoxesOutsideOfTheMapOrNotNumbersIsZero) {
  const auto map = torch::ones({1, 2, 8, 8});
  const float nan = std::numeric_limits<float>::quiet_NaN(), huge = std::numeric_limits<float>::infinity();
  const auto boxes = torch::tensor({{20.0f, 20.0f, 30.0f, 30.0f}, {nan, 0.0f, 4.0f, 4.0f}, {0.0f, 0.0f, huge, 4.0f}});
  for (const int64_t samples : {0, 2}) {
    EXPECT_TRUE(roi_align(map, boxes, first_image(3), {.samples = samples}).equal(torch::zeros({3, 2, 7, 7})));
    const auto rotated = torch::cat({boxes, torch::zeros({3, 1})}, 1);
    EXPECT_EQ(roi_align(map, rotated, first_image(3), {.samples = samples})[1].abs().sum().item<float>(), 0);
  }
}

/// Pooled maps and gradients, on the map in both orders of memory.
std::vector<torch::Tensor> both_passes(const torch::Tensor& map, const torch::Tensor& boxes,
                                       const torch::Tensor& images, const torch::Tensor& probe, int64_t samples,
                                       torch::MemoryFormat format) {
  const auto features = map.contiguous(format).clone().requires_grad_();
  const auto pooled = roi_align(features, boxes, images, {.height = 3, .width = 5, .scale = 0.5, .samples = samples});
  (pooled * probe).sum().backward();
  return {pooled.detach(), features.grad()};
}

TEST(RoiAlign, HasTheSameBitsWithAnyThreadsAndOrderOfMemory) {
  torch::manual_seed(5);
  const auto map = torch::randn({2, 83, 40, 30});
  for (const auto& some :
       {random_upright(150, 50, 2, 40), random_rotated(150, 60, 2, 40), random_rotated(3, 60, 2, 40)}) {
    const auto boxes = some.to(torch::kFloat);
    const auto images = torch::arange(boxes.size(0)).remainder(2), probe = torch::randn({boxes.size(0), 83, 3, 5});
    for (const int64_t samples : {0, 2}) {
      std::vector<torch::Tensor> wanted;
      for (const int threads : {1, 2, 5}) {
        const Threads scope(threads);
        for (const auto format : {torch::MemoryFormat::Contiguous, torch::MemoryFormat::ChannelsLast}) {
          const auto found = both_passes(map, boxes, images, probe, samples, format);
          if (wanted.empty()) wanted = found;
          EXPECT_TRUE(found[0].equal(wanted[0])) << threads;
          EXPECT_TRUE(found[1].equal(wanted[1])) << threads;
        }
      }
    }
  }
}

TEST(RoiAlign, HasTheAdjointAsItsGradient) {
  torch::manual_seed(6);
  const auto map = torch::randn({2, 3, 20, 17}, torch::kDouble);
  for (const auto& boxes : {random_upright(20, 30, 2, 30), random_rotated(20, 40, 2, 30)}) {
    const auto images = torch::arange(20).remainder(2), probe = torch::randn({20, 3, 3, 5}, torch::kDouble);
    for (const int64_t samples : {0, 2}) {
      const auto found = both_passes(map, boxes, images, probe, samples, torch::MemoryFormat::Contiguous);
      const auto other = torch::randn_like(map);
      const auto pooled = roi_align(other, boxes, images, {.height = 3, .width = 5, .scale = 0.5, .samples = samples});
      EXPECT_NEAR((pooled * probe).sum().item<double>(), (other * found[1]).sum().item<double>(), 1e-9);
    }
  }
}

TEST(RoiAlign, ReturnsTheTypeOfTheFeatures) {
  const auto map = torch::ones({1, 2, 8, 8}, torch::kBFloat16).requires_grad_();
  const auto pooled = roi_align(map, torch::tensor({{1.0f, 1.0f, 5.0f, 5.0f}}), first_image(1), {});
  EXPECT_EQ(pooled.scalar_type(), torch::kBFloat16);
  EXPECT_TRUE(pooled.equal(torch::ones({1, 2, 7, 7}, torch::kBFloat16)));
  pooled.sum().backward();
  EXPECT_EQ(map.grad().scalar_type(), torch::kBFloat16);
  EXPECT_NEAR(map.grad().sum().item<double>(), 2 * 49, 2);
}

TEST(RoiAlign, OfNoBoxesIsEmptyWithAGradientOfZero) {
  const auto map = torch::ones({1, 2, 8, 8}).requires_grad_();
  const auto pooled = roi_align(map, torch::empty({0, 5}), first_image(0), {});
  EXPECT_EQ(pooled.sizes(), (std::vector<int64_t>{0, 2, 7, 7}));
  pooled.sum().backward();
  EXPECT_TRUE(map.grad().equal(torch::zeros_like(map)));
}

TEST(RoiAlign, RefusesWhatContradictsItself) {
  const auto map = torch::ones({2, 3, 8, 8}), boxes = torch::ones({4, 4});
  EXPECT_THROW(roi_align(map[0], boxes, first_image(4), {}), c10::ValueError);
  EXPECT_THROW(roi_align(map, torch::ones({4, 6}), first_image(4), {}), c10::ValueError);
  EXPECT_THROW(roi_align(map, boxes, first_image(3), {}), c10::ValueError);
  EXPECT_THROW(roi_align(map, boxes, first_image(4).to(torch::kFloat), {}), c10::ValueError);
  EXPECT_THROW(roi_align(map, boxes, first_image(4) + 2, {}), c10::ValueError);
  EXPECT_THROW(roi_align(map, boxes, first_image(4) - 1, {}), c10::ValueError);
  EXPECT_THROW(roi_align(map, boxes, first_image(4), {.height = 0}), c10::ValueError);
}

}  // namespace
}  // namespace skysense
