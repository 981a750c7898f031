#pragma once

#include <torch/types.h>

#include <vector>

#include "eval/confusion.h"

namespace skysense {

struct SemanticChangeScores {
  double scs = 0;              ///< (binary_change + semantic_change) / 2
  double binary_change = 0;    ///< BC: intersection over union of the changed pixels; 0 where neither has any
  double semantic_change = 0;  ///< SC: mean intersection over union of the classes after the change, on changed pixels
};

/// The semantic change segmentation score of DynamicEarthNet (Toker et al., CVPR 2022, arXiv 2203.12560, sec. 4) over
/// pairs of following dates. As the data set's own evaluation counts:
/// - a pixel has changed where its two labels differ, an ignored label being a value like any other;
/// - SC looks at the later date's classes where the truth has changed and is not ignored, and averages over the classes
///   that the truth has there (0 without any).
/// BC and SC are those of the sums over all pairs.
class SemanticChange {
 public:
  explicit SemanticChange(int64_t classes) : change_(2), semantic_(classes) {}

  /// Four maps of one shape, int64: true classes of two following dates in [0, classes) or kIgnored, and predicted ones
  /// in [0, classes). Throws c10::ValueError.
  void add(const torch::Tensor& truth_before, const torch::Tensor& truth_after, const torch::Tensor& predicted_before,
           const torch::Tensor& predicted_after);
  /// The same for series [T, H, W]: each date against the next.
  void add_series(const torch::Tensor& truth, const torch::Tensor& predicted);
  /// Throws c10::ValueError for another number of classes.
  void merge(const SemanticChange& other);

  /// Unchanged and changed.
  const Confusion& change() const { return change_; }
  /// Classes after the change, where the truth has changed.
  const Confusion& semantic() const { return semantic_; }
  SemanticChangeScores scores() const;

 private:
  Confusion change_, semantic_;
};

}  // namespace skysense
