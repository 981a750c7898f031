#include "detection/detection_product.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "core/config.h"
#include "core/error.h"
#include "engine/checkpoint.h"
#include "engine/product.h"
#include "heads/task_tensors.h"
#include "testing/error_of.h"
#include "testing/temporary_folder.h"
#include "tests/detection/small_detector.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using testing::error_of;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

/// The groups of a fine-tuning run's config that a product is made of.
struct RunConfig {
  ModelOptions model = testing::small_sizes();
  InferenceOptions inference;
  TaskOptions task;
  DetectionOptions detection = testing::small_detection();

  void describe(OptionFields& fields) {
    fields.group("model", model);
    fields.group("inference", inference);
    fields.group("task", task);
    fields.group("detection", detection);
  }
};

SensorContracts contracts() {
  SensorContracts all;
  all[Modality::kHr] = builtin_contract("aerial-rgb");
  return all;
}

TaskDescription task_of(DetectorKind kind) {
  return {.recipe = "dior-r",
          .dataset = "dior-r",
          .kind = TaskKind::kBoxes,
          .classes = {"ship", "plane"},
          .colours = {},
          .modalities = {Modality::kHr},
          .tile = 64,
          .oriented = kind == DetectorKind::kOrientedRcnn,
          .pixels_per_output = {{{1, 0, 0}}}};
}

/// Writes what a run would, and gives its network.
DetectionModel write(const fs::path& run, DetectorKind kind, const TaskDescription& task) {
  RunConfig config;
  config.task.head = detector_name(kind);
  SkysenseModel model(config.model, channels_of(contracts()));
  testing::randomise(*model);
  DetectionModel network(model, detection_model_options(config.task, config.detection, task.modalities, config.model,
                                                        static_cast<int64_t>(task.classes.size())));
  network->initialise_heads(at::make_generator<at::CPUGeneratorImpl>(uint64_t{5}));
  network->eval();
  RunTensors tensors;
  tensors.student = named_tensors(*network);
  tensors.teacher = product_names(tensors.student);
  write_checkpoint(run, dump_yaml(fields_of(config)), contracts(), {.step = 9}, tensors, {}, alone(),
                   {{kTaskFile, format_task_description(task)}});
  return network;
}

TEST(DetectionProduct, DetectsWhatTheRunsNetworkDetects) {
  for (const DetectorKind kind : {DetectorKind::kFasterRcnn, DetectorKind::kOrientedRcnn}) {
    TemporaryFolder run;
    auto network = write(run.path(), kind, task_of(kind));
    DetectionProduct product = load_detection_product(run.path());
    EXPECT_EQ(product.parts.step, 9);
    EXPECT_EQ(product.parts.task.classes, task_of(kind).classes);
    EXPECT_EQ(product.network->options().detector, kind);
    EXPECT_FALSE(product.network->is_training());
    for (const auto& parameter : product.network->parameters()) EXPECT_FALSE(parameter.requires_grad());
    const auto batch = testing::batch_of({testing::draw_picture(testing::scattered_boxes(), 64, 1)}, kind);
    const torch::NoGradGuard no_gradient;
    const auto expected = network(batch).detections.at(0), found = product.network(batch).detections.at(0);
    ASSERT_GT(expected.scores.size(0), 0);
    EXPECT_TRUE(torch::equal(found.boxes, expected.boxes));
    EXPECT_TRUE(torch::equal(found.scores, expected.scores));
    // The pre-trained part is found by every other --model.
    EXPECT_EQ(load_product(run.path()).step, 9);
  }
}

TEST(DetectionProduct, OtherKindsAndContradictionsAreRefused) {
  TemporaryFolder boxes, turned;
  write(boxes.path(), DetectorKind::kFasterRcnn, task_of(DetectorKind::kFasterRcnn));
  EXPECT_THAT(error_of([&] { load_task_product(boxes.path()); }), HasSubstr("detects objects"));
  TaskDescription task = task_of(DetectorKind::kFasterRcnn);
  task.oriented = true;
  write(turned.path(), DetectorKind::kFasterRcnn, task);
  EXPECT_THAT(error_of([&] { load_detection_product(turned.path()); }), HasSubstr("oriented"));
}

TEST(DetectionProduct, SettingsOfDetectingReachTheNetworkAndThoseOfTheWeightsAreRefused) {
  TemporaryFolder run;
  const DetectorKind kind = DetectorKind::kOrientedRcnn;
  write(run.path(), kind, task_of(kind));
  const auto batch = testing::batch_of({testing::draw_picture(testing::scattered_boxes(), 64, 1)}, kind);
  const auto found = [&](const std::vector<std::string>& settings) {
    const torch::NoGradGuard no_gradient;
    return load_detection_product(run.path(), settings).network(batch).detections.at(0).scores;
  };
  const auto all = found({});
  ASSERT_GT(all.size(0), 3);
  EXPECT_TRUE(torch::equal(found({"detection.detections=3"}), all.narrow(0, 0, 3)));
  const double middle = all[all.size(0) / 2].item<double>();
  EXPECT_EQ(found({fmt::format("detection.score_threshold={}", middle)}).size(0), (all > middle).sum().item<int64_t>());
  EXPECT_GT(found({"detection.nms_iou=0.9"}).size(0), all.size(0));
  EXPECT_LE(found({"detection.rpn.proposals=1", "detection.nms_iou=1"}).size(0), 2);  // once for each class
  EXPECT_LT(found({"detection.rpn.proposals_before=1"}).size(0), all.size(0));
  EXPECT_LT(found({"detection.rpn.nms_iou=0"}).size(0), all.size(0));
  for (const char* of_the_weights : {"detection.channels=8", "detection.rpn.anchor_sizes=[1, 2, 3, 4, 5]",
                                     "detection.roi_head.hidden=3", "detection.roi_head.samples=3"}) {
    EXPECT_THAT(error_of([&] { load_detection_product(run.path(), {of_the_weights}); }),
                AllOf(HasSubstr(fmt::format("--set {}: belongs to the weights", of_the_weights)),
                      HasSubstr("detection.score_threshold")));
  }
  EXPECT_THAT(error_of([&] { load_detection_product(run.path(), {"detection.nms=0.3"}); }),
              HasSubstr("detection.nms_iou"));
  EXPECT_THAT(error_of([&] { load_detection_product(run.path(), {"detection.nms_iou=2"}); }), HasSubstr("nms_iou"));
}

}  // namespace
}  // namespace skysense
