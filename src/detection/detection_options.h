#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/options.h"

namespace skysense {

/// The detectors of Table 5.
enum class DetectorKind {
  kFasterRcnn,   ///< upright boxes (Ren et al. 2015, arXiv 1506.01497; with a feature pyramid, arXiv 1612.03144)
  kOrientedRcnn  ///< oriented boxes (Xie et al. 2021, arXiv 2108.05699)
};

/// "faster-rcnn" or "oriented-rcnn": the spelling of task.head in recipes.
std::string_view detector_name(DetectorKind detector);
/// Whether task.head names a detector.
bool is_detector(std::string_view head);
/// The inverse of detector_name. Throws UsageError that lists the names.
DetectorKind parse_detector(std::string_view name);

/// Numbers of a box's coordinates: 4 upright, 5 oriented.
constexpr int64_t box_numbers(DetectorKind detector) { return detector == DetectorKind::kFasterRcnn ? 4 : 5; }

/// The region proposal network. A negative number stands for what the detector's authors use, Faster R-CNN's as
/// torchvision has it and Oriented R-CNN's as mmrotate has it: published() fills it in.
struct RpnOptions {
  std::vector<double> anchor_sizes = {32, 64, 128, 256, 512};  ///< pixels, one a level, the finest first
  std::vector<double> anchor_ratios = {0.5, 1, 2};             ///< height / width
  double foreground_iou = 0.7;                                 ///< an anchor with as much or more is an object
  double background_iou = 0.3;                                 ///< one with less is none; between, it does not count
  /// The anchors nearest to an object are objects too where they overlap as much: 0, Oriented R-CNN 0.3.
  double low_quality_iou = -1;
  int64_t border_anchors = -1;    ///< 1: anchors across the image's border learn too; 0: not. 1, Oriented R-CNN 0
  int64_t samples = 256;          ///< anchors an image that count in the loss
  double positive_share = 0.5;    ///< of them at most are objects
  int64_t proposals_before = -1;  ///< a level, before suppression: 1000, Oriented R-CNN 2000
  int64_t proposals = -1;         ///< an image, after it: 1000, Oriented R-CNN 2000
  int64_t training_proposals_before = 2000;  ///< the same in training
  int64_t training_proposals = 2000;
  double nms_iou = -1;  ///< 0.7, Oriented R-CNN 0.8 of upright bounds

  void describe(OptionFields& fields);
};

/// The head that classifies and refines proposals. Negative numbers as in RpnOptions.
struct RoiHeadOptions {
  int64_t pool = 7;            ///< side of the grid of features of a proposal
  int64_t sampling_ratio = 2;  ///< samples along a side of a cell of it; 0: as many as there are feature pixels
  int64_t hidden = 1024;       ///< width of the two hidden layers
  double foreground_iou = 0.5;
  double background_iou = 0.5;
  int64_t samples = 512;         ///< proposals an image that count in the loss
  double positive_share = 0.25;  ///< of them at most are objects
  double smooth_l1_beta = -1;    ///< below it the loss of coordinates is quadratic: 1/9, Oriented R-CNN 1

  void describe(OptionFields& fields);
};

/// A detector's sizes and settings: the config's `detection` group.
struct DetectionOptions {
  int64_t channels = 256;  ///< of every level of the feature pyramid
  RpnOptions rpn;
  RoiHeadOptions roi_head;
  /// Share of an anchor or proposal within an object marked as difficult from which on it is not taught as background.
  double ignore_share = 0.5;
  double score_threshold = 0.05;  ///< detections that score less are left out
  double nms_iou = -1;            ///< of detections of one class: 0.5, Oriented R-CNN 0.1
  int64_t detections = -1;        ///< an image at most: 100, Oriented R-CNN 2000

  void describe(OptionFields& fields);
};

/// The options with the detector's own numbers for negative ones. Throws UsageError for settings that contradict each
/// other or cannot be built, naming them.
DetectionOptions published(const DetectionOptions& options, DetectorKind detector);

}  // namespace skysense
