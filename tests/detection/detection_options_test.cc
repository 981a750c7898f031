#include "detection/detection_options.h"

#include <gtest/gtest.h>

#include "core/config.h"
#include "core/error.h"
#include "detection/detection_model.h"

namespace skysense {
namespace {

TEST(DetectionOptions, NegativeNumbersBecomeTheDetectorsOwn) {
  const auto upright = published({}, DetectorKind::kFasterRcnn), oriented = published({}, DetectorKind::kOrientedRcnn);
  EXPECT_EQ(upright.rpn.nms_iou, 0.7);
  EXPECT_EQ(oriented.rpn.nms_iou, 0.8);
  EXPECT_EQ(upright.nms_iou, 0.5);
  EXPECT_EQ(oriented.nms_iou, 0.1);
  EXPECT_EQ(upright.detections, 100);
  EXPECT_EQ(oriented.detections, 2000);
  EXPECT_EQ(upright.rpn.border_anchors, 1);
  EXPECT_EQ(oriented.rpn.border_anchors, 0);
  DetectionOptions own;
  own.nms_iou = 0;
  own.detections = 7;
  EXPECT_EQ(published(own, DetectorKind::kOrientedRcnn).nms_iou, 0);
  EXPECT_EQ(published(own, DetectorKind::kOrientedRcnn).detections, 7);
}

TEST(DetectionOptions, AreSetByTheirNames) {
  DetectionOptions options;
  OptionFields fields = fields_of(options);
  apply_yaml(fields, "rpn: {anchor_sizes: [4, 8, 16, 32], nms_iou: 0.6}\nroi_head: {hidden: 128}\ndetections: 300\n",
             "recipe");
  EXPECT_EQ(options.rpn.anchor_sizes, (std::vector<double>{4, 8, 16, 32}));
  EXPECT_EQ(options.rpn.nms_iou, 0.6);
  EXPECT_EQ(options.roi_head.hidden, 128);
  EXPECT_EQ(options.detections, 300);
  EXPECT_THROW(apply_yaml(fields, "rpn: {nms_iou: 2}\n", "recipe"), UsageError);
}

TEST(DetectionOptions, ContradictionsAreRefused) {
  const auto refuse = [](auto change) {
    DetectionOptions options;
    change(options);
    EXPECT_THROW(published(options, DetectorKind::kFasterRcnn), UsageError);
  };
  refuse([](DetectionOptions& options) { options.rpn.background_iou = 0.8; });
  refuse([](DetectionOptions& options) { options.roi_head.background_iou = 0.6; });
  refuse([](DetectionOptions& options) { options.rpn.anchor_sizes = {8, 16, 32}; });
  refuse([](DetectionOptions& options) { options.rpn.anchor_ratios = {}; });
}

TEST(DetectionOptions, TheTasksHeadNamesTheDetector) {
  EXPECT_TRUE(is_detector("faster-rcnn"));
  EXPECT_FALSE(is_detector("linear"));
  EXPECT_THROW(parse_detector("linear"), UsageError);
  TaskOptions task;
  task.head = "oriented-rcnn";
  task.frozen = {"model"};
  const auto options = detection_model_options(task, {}, {Modality::kMs}, {}, 4);
  EXPECT_EQ(options.detector, DetectorKind::kOrientedRcnn);
  EXPECT_EQ(options.features.modality, Modality::kMs);
  EXPECT_EQ(options.detection.detections, 2000);
  EXPECT_EQ(options.frozen, task.frozen);
  EXPECT_THROW(detection_model_options(task, {}, {Modality::kHr, Modality::kMs}, {}, 4), UsageError);
  EXPECT_THROW(task_model_options(task, {Modality::kHr}, {}, 4), UsageError);
}

}  // namespace
}  // namespace skysense
