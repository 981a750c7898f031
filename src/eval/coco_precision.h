#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "eval/detected_image.h"

namespace skysense {

/// Sizes of objects by their areas (COCO): small up to 32² pixels, large from 96² on.
enum class ObjectSize { kAny, kSmall, kMedium, kLarge };
inline constexpr int64_t kObjectSizes = 4;

/// What COCO reports; none where no object is of the kind.
struct CocoScores {
  std::optional<double> map;                    ///< over overlaps 0.5, 0.55, …, 0.95 and classes
  std::optional<double> map50, map75;           ///< at one overlap
  std::optional<double> small, medium, large;   ///< as map, by size
  std::array<std::optional<double>, 3> recall;  ///< the most to be reached, with 1, 10 and 100 boxes an image
  std::optional<double> recall_small, recall_medium, recall_large;  ///< with 100
  struct OfClass {
    std::optional<double> map, map50, map75, small, medium, large;
  };
  std::vector<OfClass> classes;
};

/// COCO's detection metric, to the last digit that of pycocotools: of each class, overlap and size, boxes by falling
/// score take the object not yet taken that they overlap most, ignored ones last; precision is averaged over recalls
/// 0, 0.01, …, 1. Of equal scores the earlier image and then the earlier box comes first.
class CocoPrecision {
 public:
  /// `most`: found boxes that count of an image and class, ascending; COCO has 1, 10 and 100, of which the last is that
  /// of precision. Aerial images often hold more objects.
  explicit CocoPrecision(int64_t classes, const std::array<int64_t, 3>& most = {1, 10, 100});
  /// `image`: a number of its own, which orders equal scores whatever process adds it, and when. Throws
  /// c10::ValueError (eval/detected_image.h).
  void add(int64_t image, const DetectedImage& detected);
  /// Throws c10::ValueError for another number of classes or of boxes.
  void merge(const CocoPrecision& other);

  CocoScores scores() const;

 private:
  static constexpr int64_t kOverlaps = 10;
  /// A found box; bit t of a mask speaks of overlap t.
  struct Found {
    double score;
    int64_t image, number;  ///< of the image, and its rank within it
    std::array<uint16_t, kObjectSizes> matched{}, ignored{};
  };
  struct Ranking {
    std::vector<Found> found;
    std::array<int64_t, kObjectSizes> objects{};  ///< to be found
  };
  /// Of one class, size and number of boxes: the mean precision and the recall at each overlap.
  struct Curve {
    std::array<double, kOverlaps> precision, recall;
  };
  void match(const DetectedClass& part, ObjectSize size, std::vector<Found>& found) const;
  std::optional<Curve> curve_of(const Ranking& ranking, ObjectSize size, int64_t most) const;

  const std::array<int64_t, 3> most_;
  std::vector<Ranking> classes_;
};

}  // namespace skysense
