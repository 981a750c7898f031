#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "eval/coco_precision.h"
#include "eval/object_precision.h"

namespace skysense {

/// All metrics of detection over the same images: COCO's, and at an overlap of 0.5 those of PASCAL VOC and, where the
/// overlaps are those of oriented boxes, of DOTA's kit.
class ObjectScores {
 public:
  /// `most`: as CocoPrecision has it.
  explicit ObjectScores(std::vector<std::string> classes, const std::array<int64_t, 3>& most = {1, 10, 100});
  /// As ObjectRanking::add.
  void add(int64_t image, const DetectedImage& detected);
  /// Throws c10::ValueError for other classes.
  void merge(const ObjectScores& other);

  const std::vector<std::string>& classes() const { return classes_; }
  CocoScores coco() const { return coco_.scores(); }
  ObjectPrecision precision(PrecisionArea area) const { return ranking_.precision(area); }
  /// Of the mean precision at an overlap of 0.5, by resampling images.
  ConfidenceInterval interval(PrecisionArea area, const BootstrapOptions& options = {}) const {
    return ranking_.interval(area, options);
  }
  PrecisionRecall curve(int64_t object_class) const { return ranking_.curve(object_class); }

  /// For programs: map, map50, map75, map_small, map_medium, map_large, recall (of the three numbers of boxes), voc07
  /// (eleven points, DOTA's), voc (all points) and per_class with objects, found and the same; null where there is
  /// none.
  nlohmann::json to_json() const;
  /// A line a class for people, in percent ("-" where there is none), and the means below.
  std::string table() const;

 private:
  const std::vector<std::string> classes_;
  CocoPrecision coco_;
  ObjectRanking ranking_;
};

}  // namespace skysense
