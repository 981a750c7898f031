#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "eval/detected_image.h"

namespace skysense {

/// How the area under a curve of precision and recall is taken.
enum class PrecisionArea {
  /// The mean over recalls 0, 0.1, …, 1 of the best precision from there on: PASCAL VOC 2007, and the DOTA development
  /// kit (Xia et al., arXiv 1711.10398).
  kElevenPoints,
  kAllPoints,  ///< the exact area under the best precision from each recall on: PASCAL VOC from 2010 on
};

/// Precision and recall of one class over all images as the score that is asked for falls.
struct PrecisionRecall {
  int64_t objects = 0;  ///< that are to be found
  /// One a found box by falling score, without those on ignored objects.
  std::vector<double> scores, recall, precision;

  /// Nothing without objects.
  std::optional<double> average_precision(PrecisionArea area) const;
};

struct ObjectPrecision {
  std::vector<std::optional<double>> classes;  ///< average precision; none of a class without objects to be found
  double mean = 0;                             ///< over the classes that have one; 0 where none has
};

/// Average precision of detection at one overlap, as PASCAL VOC's and DOTA's kits count: boxes of a class by falling
/// score over all images; each goes to the object that it overlaps most, and is right where that is by more than the
/// threshold and no better box has had the object. It does not count where the object is ignored. Of equal scores the
/// earlier image and then the earlier box comes first.
class ObjectRanking {
 public:
  explicit ObjectRanking(int64_t classes, double threshold = 0.5);
  /// `image`: a number of its own, which orders equal scores whatever process adds it, and when. Throws
  /// c10::ValueError (eval/detected_image.h).
  void add(int64_t image, const DetectedImage& detected);
  /// Throws c10::ValueError for another number of classes or threshold.
  void merge(const ObjectRanking& other);

  PrecisionRecall curve(int64_t object_class) const;
  ObjectPrecision precision(PrecisionArea area) const;

 private:
  struct Found {
    double score;
    int64_t image, number;  ///< of the image, and within it
    bool right;
  };
  struct Ranking {
    std::vector<Found> found;
    int64_t objects = 0;
  };
  const double threshold_;
  std::vector<Ranking> classes_;
};

}  // namespace skysense
