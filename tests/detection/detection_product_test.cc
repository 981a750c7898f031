#include "detection/detection_product.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "core/config.h"
#include "core/error.h"
#include "engine/checkpoint.h"
#include "engine/product.h"
#include "heads/task_tensors.h"
#include "testing/temporary_folder.h"
#include "tests/detection/small_detector.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
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

std::string refusal(const std::function<void()>& load) {
  try {
    load();
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

TEST(DetectionProduct, OtherKindsAndContradictionsAreRefused) {
  TemporaryFolder boxes, turned;
  write(boxes.path(), DetectorKind::kFasterRcnn, task_of(DetectorKind::kFasterRcnn));
  EXPECT_NE(refusal([&] { load_task_product(boxes.path()); }).find("detects objects"), std::string::npos);
  TaskDescription task = task_of(DetectorKind::kFasterRcnn);
  task.oriented = true;
  write(turned.path(), DetectorKind::kFasterRcnn, task);
  EXPECT_NE(refusal([&] { load_detection_product(turned.path()); }).find("oriented"), std::string::npos);
}

}  // namespace
}  // namespace skysense
