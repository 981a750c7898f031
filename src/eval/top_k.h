#pragma once

#include <torch/types.h>

#include <vector>

namespace skysense {

/// How often the true class is among the k best-scored ones, for several k at once.
class TopK {
 public:
  /// Throws c10::ValueError unless every k is at least 1.
  explicit TopK(std::vector<int64_t> ks = {1, 5});

  /// scores [N, K] of a floating dtype, without NaN, and truth [N] int64 in [0, K), or kIgnored: left out. Of equal
  /// scores the lower class number stands first, as in argmax. A k beyond K counts every sample. Throws
  /// c10::ValueError.
  void add(const torch::Tensor& scores, const torch::Tensor& truth);
  /// Throws c10::ValueError for other ks.
  void merge(const TopK& other);

  const std::vector<int64_t>& ks() const { return ks_; }
  int64_t samples() const { return samples_; }
  /// One share a k; 0 without samples.
  std::vector<double> accuracies() const;

 private:
  std::vector<int64_t> ks_, hits_;
  int64_t samples_ = 0;
};

}  // namespace skysense
