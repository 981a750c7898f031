#include "detection/detection_options.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "core/error.h"
#include "model/patch_merging_plan.h"

namespace skysense {
namespace {

constexpr std::array<std::pair<DetectorKind, std::string_view>, 2> kDetectors = {
    {{DetectorKind::kFasterRcnn, "faster-rcnn"}, {DetectorKind::kOrientedRcnn, "oriented-rcnn"}}};

template <class Number>
void fill(Number& value, bool oriented, Number upright_default, Number oriented_default) {
  if (value < 0) value = oriented ? oriented_default : upright_default;
}

void check_thresholds(std::string_view group, double background, double foreground) {
  if (background > foreground) {
    throw UsageError(
        fmt::format("detection.{}.background_iou {} is above foreground_iou {}", group, background, foreground));
  }
}

}  // namespace

std::string_view detector_name(DetectorKind detector) { return kDetectors.at(static_cast<size_t>(detector)).second; }

bool is_detector(std::string_view head) {
  for (const auto& [kind, name] : kDetectors) {
    if (name == head) return true;
  }
  return false;
}

DetectorKind parse_detector(std::string_view name) {
  std::string names;
  for (const auto& [kind, known] : kDetectors) {
    if (known == name) return kind;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", known);
  }
  throw UsageError(fmt::format("unknown detector {}: expected one of {}", name, names));
}

void RpnOptions::describe(OptionFields& fields) {
  fields("anchor_sizes", anchor_sizes, "sides of the anchors in pixels, one a level of the pyramid").between(1, 65536);
  fields("anchor_ratios", anchor_ratios, "height / width of the anchors of every cell").between(0.01, 100);
  fields("foreground_iou", foreground_iou, "an anchor that overlaps an object so much is one").between(0, 1);
  fields("background_iou", background_iou, "an anchor that overlaps every object less is background").between(0, 1);
  fields("low_quality_iou", low_quality_iou,
         "the nearest anchor of an object is one too if it overlaps so much; negative: the detector's own")
      .between(-1, 1);
  fields("border_anchors", border_anchors,
         "1: anchors across the image's border learn too, 0: not; negative: the detector's own")
      .between(-1, 1);
  fields("samples", samples, "anchors an image that count in the loss").between(1, 1 << 20);
  fields("positive_share", positive_share, "share of objects among them at most").between(0, 1);
  fields("proposals_before", proposals_before, "proposals a level before suppression; negative: the detector's own")
      .between(-1, 1 << 20);
  fields("proposals", proposals, "proposals an image; negative: the detector's own").between(-1, 1 << 20);
  fields("training_proposals_before", training_proposals_before, "the same in training, a level").between(1, 1 << 20);
  fields("training_proposals", training_proposals, "the same in training, an image").between(1, 1 << 20);
  fields("nms_iou", nms_iou, "proposals that overlap a better one more are left out; negative: the detector's own")
      .between(-1, 1);
}

void RoiHeadOptions::describe(OptionFields& fields) {
  fields("pool", pool, "side of the grid of features of a proposal").between(1, 64);
  fields("sampling_ratio", sampling_ratio, "samples along a side of its cells; 0: as many as feature pixels")
      .between(0, 16);
  fields("hidden", hidden, "width of the two hidden layers").between(1, 65536);
  fields("foreground_iou", foreground_iou, "a proposal that overlaps an object so much is one").between(0, 1);
  fields("background_iou", background_iou, "a proposal that overlaps every object less is background").between(0, 1);
  fields("samples", samples, "proposals an image that count in the loss").between(1, 1 << 20);
  fields("positive_share", positive_share, "share of objects among them at most").between(0, 1);
  fields("smooth_l1_beta", smooth_l1_beta,
         "the loss of coordinates is quadratic below, linear above; negative: the detector's own")
      .between(-1, 100);
}

void DetectionOptions::describe(OptionFields& fields) {
  fields("channels", channels, "channels of the feature pyramid").between(1, 8192);
  fields.group("rpn", rpn);
  fields.group("roi_head", roi_head);
  fields("ignore_share", ignore_share,
         "anchors and proposals of which so much lies in a difficult object are not taught as background")
      .between(0, 1);
  fields("score_threshold", score_threshold, "detections with a lower score are left out").between(0, 1);
  fields("nms_iou", nms_iou,
         "of one class, those that overlap a better one more are left out; negative: the "
         "detector's own")
      .between(-1, 1);
  fields("detections", detections, "detections an image; negative: the detector's own").between(-1, 1 << 20);
}

DetectionOptions published(const DetectionOptions& options, DetectorKind detector) {
  constexpr double kNinth = 1.0 / 9;
  const bool oriented = detector == DetectorKind::kOrientedRcnn;
  DetectionOptions filled = options;
  fill(filled.rpn.low_quality_iou, oriented, 0.0, 0.3);
  fill<int64_t>(filled.rpn.border_anchors, oriented, 1, 0);
  fill<int64_t>(filled.rpn.proposals_before, oriented, 1000, 2000);
  fill<int64_t>(filled.rpn.proposals, oriented, 1000, 2000);
  fill(filled.rpn.nms_iou, oriented, 0.7, 0.8);
  fill(filled.roi_head.smooth_l1_beta, oriented, kNinth, 1.0);
  fill(filled.nms_iou, oriented, 0.5, 0.1);
  fill<int64_t>(filled.detections, oriented, 100, 2000);
  check_thresholds("rpn", filled.rpn.background_iou, filled.rpn.foreground_iou);
  check_thresholds("roi_head", filled.roi_head.background_iou, filled.roi_head.foreground_iou);
  if (filled.rpn.anchor_sizes.size() < kStages) {
    throw UsageError(
        fmt::format("detection.rpn.anchor_sizes: expected a size for each level of the pyramid, {} or more, got {}",
                    kStages, filled.rpn.anchor_sizes.size()));
  }
  if (filled.rpn.anchor_ratios.empty()) throw UsageError("detection.rpn.anchor_ratios: expected at least one");
  return filled;
}

}  // namespace skysense
