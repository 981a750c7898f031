#pragma once

#include <torch/types.h>

#include <optional>
#include <vector>

namespace skysense {

/// Average precision of a ranking: the sum over thresholds of (R_n - R_{n-1}) P_n, samples of equal score sharing one
/// threshold (scikit-learn's average_precision_score; no interpolation). scores [N] floating without NaN, positive [N]
/// bool. Nothing where no sample is positive. Throws c10::ValueError.
std::optional<double> average_precision(const torch::Tensor& scores, const torch::Tensor& positive);

struct MultiLabelPrecision {
  std::vector<std::optional<double>> classes;  ///< average precision; none of a class without positive samples
  double macro = 0;                            ///< mAP: the mean over the classes that have one
  double micro = 0;                            ///< of all (sample, class) pairs as one ranking
};

/// The mean average precision of multi-label classification. Ranking is over all samples, so it keeps every score:
/// K + 4K bytes a sample of K classes.
class MultiLabelRanking {
 public:
  explicit MultiLabelRanking(int64_t classes);
  /// scores [N, K] floating (logits or probabilities: only their order counts), truth [N, K] bool. Throws
  /// c10::ValueError for other shapes and NaN.
  void add(const torch::Tensor& scores, const torch::Tensor& truth);
  /// Throws c10::ValueError for another number of classes.
  void merge(const MultiLabelRanking& other);

  /// What was added so far, for gathering over processes: [N, K] float32 and bool on the CPU.
  torch::Tensor scores() const;
  torch::Tensor truth() const;
  MultiLabelPrecision precision() const;

 private:
  const int64_t classes_;
  std::vector<torch::Tensor> scores_, truth_;
};

}  // namespace skysense
