#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace skysense {

/// The truth of a sample that no metric counts: an unlabelled pixel.
inline constexpr int64_t kIgnored = -1;

/// How often each class (of the truth) was predicted as each class. It is filled piece by piece, and the pieces of
/// several processes are joined by `merge`, or by summing `counts` and `add_counts`.
class Confusion {
 public:
  /// Throws c10::ValueError unless classes > 0.
  explicit Confusion(int64_t classes);

  /// Adds pairs of a true and a predicted class, both in [0, classes). Where the truth is kIgnored the pair is left
  /// out, whatever was predicted. Throws c10::ValueError, before anything is added, for unequal lengths and for other
  /// values.
  void add(std::span<const int64_t> truth, std::span<const int64_t> predicted);
  /// Adds counts [classes * classes], rows are the truth. Throws c10::ValueError for another length or a negative one.
  void add_counts(std::span<const int64_t> counts);
  /// Throws c10::ValueError for another number of classes.
  void merge(const Confusion& other) { add_counts(other.counts_); }

  int64_t classes() const { return classes_; }
  /// Row-major [classes * classes], rows are the truth.
  const std::vector<int64_t>& counts() const { return counts_; }
  int64_t count(int64_t truth, int64_t predicted) const;
  int64_t total() const;

 private:
  int64_t classes_;
  std::vector<int64_t> counts_;
};

}  // namespace skysense
