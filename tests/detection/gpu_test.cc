#include <gtest/gtest.h>
#include <torch/cuda.h>
#include <torch/utils.h>

#include "engine/device.h"
#include "testing/all_close.h"
#include "tests/detection/small_detector.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::batch_of;
using testing::draw_picture;
using testing::kDetectors;
using testing::make_detector;

DetectionBatch on_gpu(DetectionBatch batch) {
  auto& images = batch.input.series[Modality::kHr]->images;
  images = images.to(torch::kCUDA);
  for (auto& targets : batch.targets) targets = to_device(targets, torch::kCUDA);
  return batch;
}

/// A detector of the same weights on the CPU and on a GPU.
class DetectorOnAGpu : public ::testing::TestWithParam<DetectorKind> {
 protected:
  void SetUp() override {
    if (!torch::cuda::is_available()) GTEST_SKIP() << "there is no GPU here";
    parse_device("cuda");  // float32 means float32 from here on
  }
  static DetectionBatch batch() {
    auto boxes = testing::scattered_boxes();
    const auto first = draw_picture(boxes, 64, 1);
    boxes.resize(2);
    return batch_of({first, draw_picture(boxes, 64, 2)}, GetParam(), {7, 8});
  }
};

TEST_P(DetectorOnAGpu, LearnsTheSame) {
  auto here = make_detector(GetParam()), there = make_detector(GetParam());
  there->to(torch::kCUDA);
  here->train();
  there->train();
  const auto loss = here(batch()).losses->total(), loss_there = there(on_gpu(batch())).losses->total();
  EXPECT_TRUE(loss_there.is_cuda());
  EXPECT_TRUE(all_close(loss_there.cpu(), loss, 1e-4, 0)) << loss << loss_there;
  loss.backward();
  loss_there.backward();
  const auto parameters = there->named_parameters();
  for (const auto& item : here->named_parameters()) {
    if (!item.value().grad().defined()) continue;
    const auto gradient = item.value().grad(), gradient_there = parameters[item.key()].grad().cpu();
    const double difference = (gradient_there - gradient).norm().item<double>(), size = gradient.norm().item<double>();
    EXPECT_LE(difference, 2e-3 * size + 1e-6) << item.key() << " " << size;
  }
}

TEST_P(DetectorOnAGpu, DetectsTheSame) {
  auto options = testing::small_detection();
  options.score_threshold = 0.01;
  const auto make = [&] { return make_detector({.detector = GetParam(), .classes = 2, .detection = options}); };
  auto here = make(), there = make();
  there->to(torch::kCUDA);
  here->eval();
  there->eval();
  const torch::NoGradGuard no_gradient;
  const auto found = here(batch()).detections, found_there = there(on_gpu(batch())).detections;
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_GT(found[i].scores.size(0), 0);
    ASSERT_EQ(found_there[i].scores.size(0), found[i].scores.size(0));
    EXPECT_TRUE(found_there[i].classes.cpu().equal(found[i].classes));
    EXPECT_TRUE(all_close(found_there[i].scores.cpu(), found[i].scores, 0, 1e-4));
    EXPECT_TRUE(all_close(found_there[i].boxes.cpu(), found[i].boxes, 0, 1e-2));
  }
}

INSTANTIATE_TEST_SUITE_P(Both, DetectorOnAGpu, ::testing::ValuesIn(kDetectors), [](const auto& kind) {
  return kind.param == DetectorKind::kFasterRcnn ? "Upright" : "Oriented";
});

}  // namespace
}  // namespace skysense
