#include "eval/confusion.h"

#include <c10/util/Exception.h>

#include <numeric>

namespace skysense {

Confusion::Confusion(int64_t classes) : classes_(classes) {
  TORCH_CHECK_VALUE(classes > 0, "a confusion matrix needs at least one class, not ", classes);
  counts_.resize(static_cast<size_t>(classes * classes));
}

void Confusion::add(std::span<const int64_t> truth, std::span<const int64_t> predicted) {
  TORCH_CHECK_VALUE(truth.size() == predicted.size(), truth.size(), " true classes with ", predicted.size(),
                    " predicted ones");
  for (size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] == kIgnored) continue;
    TORCH_CHECK_VALUE(truth[i] >= 0 && truth[i] < classes_ && predicted[i] >= 0 && predicted[i] < classes_,
                      "classes lie in [0, ", classes_, "), and ", kIgnored, " is ignored truth; got ", truth[i],
                      " predicted as ", predicted[i]);
  }
  for (size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] != kIgnored) ++counts_[static_cast<size_t>(truth[i] * classes_ + predicted[i])];
  }
}

void Confusion::add_counts(std::span<const int64_t> counts) {
  TORCH_CHECK_VALUE(counts.size() == counts_.size(), "a confusion matrix of ", classes_, " classes has ",
                    counts_.size(), " counts, not ", counts.size());
  for (const int64_t count : counts) TORCH_CHECK_VALUE(count >= 0, "counts are not negative: ", count);
  for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += counts[i];
}

int64_t Confusion::count(int64_t truth, int64_t predicted) const {
  return counts_.at(static_cast<size_t>(truth * classes_ + predicted));
}

int64_t Confusion::total() const { return std::accumulate(counts_.begin(), counts_.end(), int64_t{0}); }

}  // namespace skysense
