#include "detection/detection_model.h"

#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>
#include <torch/optim/adamw.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "core/error.h"
#include "detection/any_boxes.h"
#include "detection/rpn_loss.h"
#include "model/autocast.h"
#include "testing/all_close.h"
#include "tests/detection/small_detector.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::batch_of;
using testing::draw_picture;
using testing::kDetectors;
using testing::make_detector;
using testing::Picture;

std::vector<Picture> two_pictures() {
  auto boxes = testing::scattered_boxes();
  std::vector<Picture> pictures = {draw_picture(boxes, 64, 1)};
  boxes.resize(1);
  pictures.push_back(draw_picture(boxes, 64, 2));
  return pictures;
}

std::vector<torch::Tensor> values_of(const DetectionLosses& losses) {
  return {losses.objectness, losses.proposals, losses.classes, losses.boxes};
}

TEST(DetectionModel, LossesOfABatchAreTheMeanOfItsImagesLosses) {
  for (const DetectorKind kind : kDetectors) {
    auto sizes = testing::small_sizes();
    sizes.drop_path = 0.3;
    auto model = make_detector({.detector = kind, .classes = 2, .detection = testing::small_detection()}, sizes);
    model->train();
    const auto pictures = two_pictures();
    const auto both = values_of(*model(batch_of(pictures, kind, {7, 8})).losses);
    const auto first = values_of(*model(batch_of({pictures[0]}, kind, {7})).losses);
    const auto second = values_of(*model(batch_of({pictures[1]}, kind, {8})).losses);
    for (size_t i = 0; i < both.size(); ++i) {
      EXPECT_TRUE(both[i].isfinite().all().item<bool>());
      EXPECT_TRUE(all_close(both[i], (first[i] + second[i]) / 2, 1e-4, 1e-6)) << detector_name(kind) << " " << i;
    }
    // Another key is another sample.
    EXPECT_FALSE(torch::equal(values_of(*model(batch_of({pictures[0]}, kind, {9})).losses)[0], first[0]));
  }
}

TEST(DetectionModel, TrainsEveryPartAndTheWholeBackbone) {
  for (const DetectorKind kind : kDetectors) {
    auto model = make_detector(kind);
    model->train();
    model(batch_of(two_pictures(), kind)).losses->total().backward();
    for (const auto& item : model->named_parameters()) {
      const std::string& name = item.key();
      const bool unused = name.starts_with("model.fusion.") || name.starts_with("model.tokenizers.ms") ||
                          name.starts_with("model.tokenizers.sar") || name.ends_with("prompts.ms") ||
                          name.ends_with("prompts.sar");
      if (unused) continue;
      ASSERT_TRUE(item.value().grad().defined()) << name;
      EXPECT_TRUE(item.value().grad().isfinite().all().item<bool>()) << name;
      EXPECT_GT(item.value().grad().abs().max().item<double>(), 0) << name;
    }
  }
}

/// Trains on one picture, then finds every object of it: with the right class, by a box that overlaps it well, and
/// nothing else.
void learn_one_picture(DetectorKind kind) {
  constexpr int64_t kSteps = 150;
  constexpr double kRate = 5e-4;
  const Picture picture = draw_picture(testing::scattered_boxes(), 64, 1);
  auto model = make_detector(kind);
  torch::optim::AdamW optimizer(model->parameters(), torch::optim::AdamWOptions(kRate).weight_decay(0.01));
  model->train();
  for (int64_t step = 0; step < kSteps; ++step) {
    for (auto& group : optimizer.param_groups()) {
      const double done = static_cast<double>(step) / static_cast<double>(kSteps);
      static_cast<torch::optim::AdamWOptions&>(group.options())
          .lr(kRate * std::min(1.0, 10 * done + 0.05) * (1 - done));
    }
    optimizer.zero_grad();
    model(batch_of({picture}, kind, {static_cast<uint64_t>(step)})).losses->total().backward();
    optimizer.step();
  }
  model->eval();
  const torch::NoGradGuard no_gradient;
  const Detections found = model(batch_of({picture}, kind)).detections.at(0);
  const auto sure = (found.scores > 0.5).nonzero().squeeze(1);
  const auto targets = targets_of(picture.objects, kind);
  ASSERT_EQ(sure.size(0), targets.boxes.size(0));
  const auto [overlap, which] = overlaps_of(targets.boxes, found.boxes.index_select(0, sure)).max(1);
  EXPECT_GT(overlap.min().item<double>(), 0.75) << overlap;
  EXPECT_TRUE(torch::equal(found.classes.index_select(0, sure).index_select(0, which), targets.classes));
}

TEST(DetectionModel, FasterRcnnLearnsAPictureByHeart) { learn_one_picture(DetectorKind::kFasterRcnn); }

TEST(DetectionModel, OrientedRcnnLearnsAPictureByHeart) { learn_one_picture(DetectorKind::kOrientedRcnn); }

TEST(DetectionModel, DetectsInABatchWhatItDetectsAlone) {
  for (const DetectorKind kind : kDetectors) {
    auto options = testing::small_detection();
    options.score_threshold = 0.01;
    auto model = make_detector({.detector = kind, .classes = 2, .detection = options});
    model->eval();
    const torch::NoGradGuard no_gradient;
    const auto pictures = two_pictures();
    const auto both = model(batch_of(pictures, kind)).detections;
    for (size_t i = 0; i < pictures.size(); ++i) {
      const auto alone = model(batch_of({pictures[i]}, kind)).detections.at(0);
      ASSERT_GT(alone.scores.size(0), 0);
      EXPECT_TRUE(torch::equal(both[i].classes, alone.classes));
      EXPECT_TRUE(all_close(both[i].boxes, alone.boxes, 1e-4, 1e-3));
      EXPECT_TRUE((alone.scores.diff() <= 0).all().item<bool>());
    }
  }
}

TEST(DetectionModel, PaddingHoldsNoUprightDetections) {
  auto options = testing::small_detection();
  options.score_threshold = 0.01;
  auto model = make_detector({.classes = 2, .detection = options});
  model->eval();
  const torch::NoGradGuard no_gradient;
  auto batch = batch_of(two_pictures(), DetectorKind::kFasterRcnn);
  const auto whole = model(batch).detections;
  batch.images = {{.height = 40, .width = 30}, {.height = 64, .width = 64}};
  const auto found = model(batch).detections;
  EXPECT_GT(whole[0].boxes.select(1, 2).max().item<double>(), 30);
  EXPECT_LE(found[0].boxes.select(1, 2).max().item<double>(), 30);
  EXPECT_LE(found[0].boxes.select(1, 3).max().item<double>(), 40);
  EXPECT_TRUE(all_close(found[1].boxes, whole[1].boxes, 1e-4, 1e-3));
  batch.images[0].width = 65;
  EXPECT_THROW(model(batch), c10::ValueError);
}

TEST(DetectionModel, StridesAreThoseOfPatchMerging) {
  EXPECT_EQ(make_detector(DetectorKind::kFasterRcnn)->strides(), (std::vector<double>{4, 8, 16, 32, 64}));
  auto ms =
      make_detector({.classes = 2, .features = {.modality = Modality::kMs}, .detection = testing::small_detection()});
  EXPECT_EQ(ms->strides(), (std::vector<double>{4, 4, 4, 4, 8}));
  PatchMergingPlan plan;
  plan.subsample[Modality::kMs] = {true, false, true};
  auto mixed = make_detector(
      {.classes = 2, .features = {.modality = Modality::kMs, .plan = plan}, .detection = testing::small_detection()});
  EXPECT_EQ(mixed->strides(), (std::vector<double>{4, 8, 8, 16, 32}));
  DetectionBatch batch;
  batch.input.series[Modality::kMs] = TaskSeries{.images = testing::random_tensor({1, 1, 4, 21, 27})};
  batch.row_keys = RowKeys{1};
  batch.targets = {{.boxes = at::full({1, 4}, 1, at::kFloat), .classes = at::full({1}, 1, at::kLong)}};
  batch.targets[0].boxes[0].narrow(0, 2, 2).fill_(9);
  for (auto* model : {&ms, &mixed}) {
    (*model)->train();
    EXPECT_TRUE((*model)->forward(batch).losses->total().isfinite().item<bool>());
    (*model)->eval();
    EXPECT_EQ((*model)->forward(batch).detections.size(), 1);
  }
}

TEST(DetectionModel, TheFusedFeatureReachesTheDetector) {
  auto model = make_detector({.classes = 2, .features = {.fusion = true}, .detection = testing::small_detection()});
  model->train();
  auto batch = batch_of(two_pictures(), DetectorKind::kFasterRcnn);
  batch.input.series[Modality::kSar] = TaskSeries{.images = testing::random_tensor({2, 3, 2, 8, 8})};
  model(batch).losses->total().backward();
  const auto gradient = model->named_parameters()["model.tokenizers.sar.proj.weight"].grad();
  ASSERT_TRUE(gradient.defined());
  EXPECT_GT(gradient.abs().max().item<double>(), 0);
}

TEST(DetectionModel, FrozenModulesDoNotLearn) {
  auto model = make_detector({.classes = 2, .detection = testing::small_detection(), .frozen = {"model", "neck"}});
  model->train();
  EXPECT_FALSE(model->named_modules()["model.backbone"]->is_training());
  EXPECT_TRUE(model->named_modules()["rpn"]->is_training());
  for (const auto& item : model->named_parameters()) {
    const bool frozen = item.key().starts_with("model.") || item.key().starts_with("neck.");
    EXPECT_EQ(item.value().requires_grad(), !frozen) << item.key();
  }
  DetectionModelOptions unknown{.classes = 2};
  unknown.frozen = {"head"};
  EXPECT_THROW(make_detector(unknown), UsageError);
}

TEST(DetectionModel, ImagesWithoutObjectsTeachBackground) {
  for (const DetectorKind kind : kDetectors) {
    auto model = make_detector(kind);
    model->train();
    const auto losses = model(batch_of({draw_picture({}, 64, 1)}, kind)).losses;
    EXPECT_GT(losses->objectness.item<double>(), 0);
    EXPECT_GT(losses->classes.item<double>(), 0);
    EXPECT_EQ(losses->proposals.item<double>(), 0);
    EXPECT_EQ(losses->boxes.item<double>(), 0);
  }
}

TEST(DetectionModel, ReducedPrecisionIsNear) {
  auto model = make_detector(DetectorKind::kFasterRcnn);
  model->train();
  const auto batch = batch_of(two_pictures(), DetectorKind::kFasterRcnn);
  const auto exact = model(batch).losses->objectness;
  const AutocastScope autocast(torch::kCPU, torch::kBFloat16);
  const auto losses = *model(batch).losses;
  losses.total().backward();
  EXPECT_EQ(losses.objectness.scalar_type(), torch::kFloat);
  EXPECT_TRUE(all_close(losses.objectness, exact, 2e-2, 0));
  EXPECT_TRUE(losses.total().isfinite().item<bool>());
}

TEST(DetectionModel, WideConvolutionsWithoutGradientsAreTheSame) {
  auto options = testing::small_detection();
  options.channels = 64;  // wide enough for Winograd's
  options.score_threshold = 0.01;
  auto model = make_detector({.classes = 2, .detection = options});
  model->eval();
  const auto batch = batch_of({draw_picture(testing::scattered_boxes(), 192, 1)}, DetectorKind::kFasterRcnn);
  const auto with = model(batch).detections.at(0);
  const torch::NoGradGuard no_gradient;
  const auto without = model(batch).detections.at(0);
  ASSERT_EQ(with.scores.size(0), without.scores.size(0));
  EXPECT_TRUE(all_close(without.scores, with.scores, 0, 1e-4));
}

TEST(DetectionModel, InitialWeightsFollowFromTheGeneratorAndLeaveTheModel) {
  auto model = make_detector(DetectorKind::kOrientedRcnn);
  std::map<std::string, torch::Tensor> before;
  for (const auto& item : model->named_parameters()) before[item.key()] = item.value().detach().clone();
  const auto draw = [&](uint64_t seed) { model->initialise_heads(at::make_generator<at::CPUGeneratorImpl>(seed)); };
  draw(3);
  for (const auto& item : model->named_parameters()) EXPECT_TRUE(torch::equal(item.value(), before[item.key()]));
  draw(4);
  for (const auto& item : model->named_parameters()) {
    const bool kept = item.key().starts_with("model.") || item.key().ends_with("bias");
    EXPECT_EQ(torch::equal(item.value(), before[item.key()]), kept) << item.key();
  }
  EXPECT_NEAR(before["rpn.conv.weight"].std().item<double>(), 0.01, 5e-4);
  EXPECT_NEAR(before["roi_head.cls_score.weight"].std().item<double>(), 0.01, 2e-3);
  EXPECT_NEAR(before["roi_head.bbox_pred.weight"].std().item<double>(), 0.001, 2e-4);
  // Uniform over +-sqrt(6 / (32 * 49 + 64)), whose deviation is that / sqrt(3).
  EXPECT_NEAR(before["roi_head.fc6.weight"].std().item<double>(), std::sqrt(2.0 / (32 * 49 + 64)), 1e-3);
}

TEST(DetectionModel, RefusesWhatItCannotLearnFrom) {
  auto model = make_detector(DetectorKind::kOrientedRcnn);
  model->train();
  const auto good = batch_of(two_pictures(), DetectorKind::kOrientedRcnn);
  auto batch = good;
  batch.targets.pop_back();
  EXPECT_THROW(model(batch), c10::ValueError);
  batch = good;
  batch.row_keys.reset();
  EXPECT_THROW(model(batch), c10::ValueError);
  EXPECT_THROW(model(batch_of(two_pictures(), DetectorKind::kFasterRcnn)), c10::ValueError);
  batch = good;
  batch.input.series[Modality::kHr].reset();
  EXPECT_THROW(model(batch), c10::ValueError);
}

TEST(MatchAnchors, ThoseAcrossTheBorderLearnOnlyWhereTheyMay) {
  const auto anchors = at::tensor({-1., 0., 9., 10., 0., 0., 10., 10., 22., 22., 33., 30.}).to(at::kFloat).view({3, 4});
  const TaughtObjects objects{at::tensor({0., 0., 9., 10.}).to(at::kFloat).view({1, 4}), at::full({1}, 0, at::kLong),
                              at::full({0, 4}, 0, at::kFloat)};
  auto options = published({}, DetectorKind::kFasterRcnn).rpn;
  const auto whole = at::TensorOptions(at::kLong);
  EXPECT_TRUE(torch::equal(match_anchors(anchors, objects, {32, 32}, options, 0.5),
                           at::tensor({0, 0, static_cast<int>(kBackground)}, whole)));
  options.border_anchors = 0;
  EXPECT_TRUE(torch::equal(match_anchors(anchors, objects, {32, 32}, options, 0.5),
                           at::tensor({static_cast<int>(kIgnored), 0, static_cast<int>(kIgnored)}, whole)));
}

}  // namespace
}  // namespace skysense
