#pragma once

#include <torch/types.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/run_log.h"
#include "eval/average_precision.h"
#include "eval/bootstrap.h"
#include "eval/confusion.h"
#include "eval/object_scores.h"
#include "eval/semantic_change.h"
#include "eval/top_k.h"
#include "heads/task_description.h"
#include "viz/calibration_picture.h"

namespace skysense {

/// The metric that a kind of task is judged by (paper Tables 1 to 3): "oa", "map", "miou", "f1", "scs" or
/// "map50".
std::string main_metric(TaskKind kind);

/// The metrics of a task over labelled samples. Of maps every image has its own confusion matrix, so that intervals can
/// be drawn over images, whose pixels are not independent.
class TaskScores {
 public:
  /// `most_boxes`: found boxes of an image and class that count in COCO's metrics; 0: all.
  explicit TaskScores(const TaskDescription& task, int64_t most_boxes = 0);

  /// logits [B, K] and the labels of a scene task: [B] int64, or [B, K] of several labels.
  void add_scenes(const torch::Tensor& logits, const torch::Tensor& labels);
  /// Classes of an image's pixels: truth (-1 ignored) and predicted, of one shape.
  void add_map(const torch::Tensor& truth, const torch::Tensor& predicted);
  /// Maps [T, H, W] of dates that follow each other, of one image.
  void add_change(const torch::Tensor& truth, const torch::Tensor& predicted);

  /// What was found in the image of a number of its own.
  void add_objects(int64_t image, const DetectedImage& detected);

  /// Images, or scenes, that were added.
  int64_t size() const;
  /// All the task's metrics by name: oa, mean_class_accuracy, macro_f1, miou, top1, top5, map, map_micro, f1,
  /// precision, recall, iou (of change), scs, bc, sc; of objects map50, map75, map (COCO's, and by size map_small,
  /// map_medium, map_large where there are such), voc07 (of oriented boxes DOTA's) and voc. Nothing where nothing was
  /// added.
  LogValues values() const;
  /// One of them. Throws UsageError naming the metrics that this task has.
  double value(const std::string& metric) const;
  /// Confusion of the classes over everything; nothing for several labels a scene and for objects.
  std::optional<Confusion> confusion() const;
  /// How sure the network is of its answers against how often it is right; of scenes of one class.
  const Calibration& calibration() const { return calibration_; }
  /// Average precision by class, of several labels a scene.
  std::optional<MultiLabelPrecision> precision() const;
  /// Of objects.
  const std::optional<ObjectScores>& objects() const { return objects_; }
  /// Of the main metric, by resampling images or scenes; of objects of voc, which map50 samples at 101 recalls.
  ConfidenceInterval interval(const BootstrapOptions& options) const;
  /// Of the program's result: metrics, per_class and, where `bootstrap` is given, interval.
  nlohmann::json to_json(const std::optional<BootstrapOptions>& bootstrap) const;
  /// A line a class for people.
  std::string table() const;

 private:
  const TaskDescription task_;
  std::vector<std::pair<int64_t, int64_t>> scenes_;  // truth and prediction
  Calibration calibration_;
  TopK top_k_;
  MultiLabelRanking ranking_;
  std::vector<Confusion> images_;
  std::vector<SemanticChange> changes_;
  std::optional<ObjectScores> objects_;
  int64_t object_images_ = 0;
};

}  // namespace skysense
