#include <ATen/ops/stack.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

#include "detection/detection_model.h"
#include "testing/all_close.h"
#include "testing/fixture.h"
#include "tests/model/reference.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::Fixture;
using testing::relative_l2_within;

constexpr double kValueTolerance = 2e-6, kGradientTolerance = 1e-5;  // relative L2, float32
constexpr double kLossTolerance = 2e-5;                              // relative, through backbone and detector
constexpr double kWeightTolerance = 2e-4;                            // relative L2 of gradients through both
constexpr double kScoreTolerance = 3e-5, kPixelTolerance = 2e-3;     // absolute
constexpr int64_t kChannels = 16;
constexpr int64_t kAll = 1'000'000;  // samples: more than there are

void compare_pyramid(const std::string& name) {
  const Fixture fixture(name);
  FeaturePyramid pyramid(FeaturePyramidOptions{.inputs = {8, 16, 24, 32}, .channels = kChannels});
  testing::load_weights(*pyramid, fixture.with_prefix("weights."));
  std::vector<torch::Tensor> levels;
  for (const auto& [key, level] : fixture.with_prefix("level."))
    levels.push_back(level.clone().set_requires_grad(true));
  const auto outputs = pyramid(levels);
  ASSERT_EQ(outputs.size(), 5);
  auto loss = torch::zeros({});
  for (size_t i = 0; i < outputs.size(); ++i) {
    EXPECT_TRUE(relative_l2_within(outputs[i], fixture["output." + std::to_string(i)], kValueTolerance));
    loss = loss + (outputs[i] * fixture["probe." + std::to_string(i)]).sum();
  }
  loss.backward();
  testing::expect_gradients(*pyramid, fixture.with_prefix("gradients."), kGradientTolerance);
  for (size_t i = 0; i < levels.size(); ++i) {
    EXPECT_TRUE(
        relative_l2_within(levels[i].grad(), fixture["level_gradient." + std::to_string(i)], kGradientTolerance));
  }
}

TEST(DetectionParity, ThePyramidOnOddSizesEqualsTorchvision) { compare_pyramid("detection_pyramid_odd"); }

TEST(DetectionParity, ThePyramidOnLevelsOfOneSizeEqualsTorchvision) {
  compare_pyramid("detection_pyramid_equal_strides");
}

/// The network of python/parity/detection.py and detection_oriented.py with the reference's weights.
DetectionModel make_detector(DetectorKind detector, const Fixture& fixture) {
  DetectionOptions options{.channels = kChannels,
                           .rpn = {.anchor_sizes = {8, 16, 32, 64, 128},
                                   .samples = kAll,
                                   .proposals_before = 50,
                                   .proposals = 60,
                                   .training_proposals_before = 60,
                                   .training_proposals = 90},
                           .roi_head = {.hidden = 24, .samples = kAll},
                           .score_threshold = detector == DetectorKind::kFasterRcnn ? 0.2 : 0.15,
                           .detections = 40};
  const ModelOptions sizes{
      .dim = 32, .depths = {1, 1, 1, 1}, .position_grid = 12, .fusion_layers = 1, .fusion_dim = 64};
  DetectionModel model(SkysenseModel(sizes, PerModality<int64_t>{{3, 0, 0}}),
                       DetectionModelOptions{.detector = detector, .classes = 3, .detection = options});
  const torch::NoGradGuard no_gradient;
  auto weights = fixture.with_prefix("weights.");
  for (auto& item : model->named_parameters()) {
    if (item.key().starts_with("model.fusion.")) continue;
    item.value().copy_(weights.at(item.key()));
    weights.erase(item.key());
  }
  EXPECT_TRUE(weights.empty()) << "only in the reference: " << weights.begin()->first;
  return model;
}

DetectionBatch batch_of(const Fixture& fixture, const std::vector<int64_t>& images) {
  DetectionBatch batch;
  batch.row_keys = RowKeys(images.size(), 5);
  std::vector<torch::Tensor> pictures;
  for (const int64_t i : images) {
    const std::string prefix = std::to_string(i) + ".";
    pictures.push_back(fixture["images"][i].unsqueeze(0));
    batch.targets.push_back({.boxes = fixture[prefix + "objects"], .classes = fixture[prefix + "classes"]});
  }
  batch.input.series[Modality::kHr] = TaskSeries{.images = at::stack(pictures)};
  return batch;
}

/// The reference's names of the four losses.
using LossNames = std::array<std::string, 4>;

void compare_losses(const DetectionLosses& losses, const Fixture& fixture, int64_t image, const LossNames& names) {
  const std::array values = {losses.objectness, losses.proposals, losses.classes, losses.boxes};
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_TRUE(all_close(values[i], fixture[std::to_string(image) + "." + names[i]], kLossTolerance, 1e-7))
        << names[i];
  }
}

void compare_training(DetectionModel& model, const Fixture& fixture, const LossNames& names) {
  model->train();
  for (const int64_t image : {0, 1}) {
    const auto losses = model(batch_of(fixture, {image})).losses;
    ASSERT_TRUE(losses);
    compare_losses(*losses, fixture, image, names);
  }
  model(batch_of(fixture, {0, 1})).losses->total().backward();
  const auto gradients = fixture.with_prefix("gradients.");
  for (const auto& item : model->named_parameters()) {
    const auto found = gradients.find(item.key());
    if (found == gradients.end()) continue;  // of the fusion encoder
    if (!item.value().grad().defined()) {
      EXPECT_EQ(found->second.abs().max().item<double>(), 0) << item.key();
    } else {
      EXPECT_TRUE(relative_l2_within(item.value().grad(), found->second, kWeightTolerance)) << item.key();
    }
  }
}

void compare_detections(DetectionModel& model, const Fixture& fixture) {
  model->eval();
  const torch::NoGradGuard no_gradient;
  const auto detections = model(batch_of(fixture, {0, 1})).detections;
  ASSERT_EQ(detections.size(), 2);
  for (const int64_t image : {0, 1}) {
    const std::string prefix = std::to_string(image) + ".";
    const Detections& found = detections[static_cast<size_t>(image)];
    ASSERT_EQ(found.scores.size(0), fixture[prefix + "scores"].size(0));
    EXPECT_TRUE(torch::equal(found.classes, fixture[prefix + "labels"]));
    EXPECT_TRUE(all_close(found.scores, fixture[prefix + "scores"], 0, kScoreTolerance));
    EXPECT_TRUE(all_close(found.boxes, fixture[prefix + "boxes"], 0, kPixelTolerance));
  }
}

TEST(DetectionParity, FasterRcnnLearnsAndDetectsAsTorchvision) {
  const Fixture fixture("detection_faster_rcnn");
  auto model = make_detector(DetectorKind::kFasterRcnn, fixture);
  compare_training(model, fixture, {"loss_objectness", "loss_rpn_box_reg", "loss_classifier", "loss_box_reg"});
  compare_detections(model, fixture);
}

TEST(DetectionParity, OrientedRcnnLearnsAndDetectsAsTheReference) {
  const Fixture fixture("detection_oriented_rcnn");
  auto model = make_detector(DetectorKind::kOrientedRcnn, fixture);
  compare_training(model, fixture, {"objectness_loss", "proposals_loss", "classes_loss", "boxes_loss"});
  compare_detections(model, fixture);
}

}  // namespace
}  // namespace skysense
