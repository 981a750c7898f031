#pragma once

#include <torch/types.h>

#include <vector>

#include "eval/standardise.h"

namespace skysense {

struct LinearProbeOptions {
  /// Candidates of the L2 weight; with more than one, the best on an inner split of the training samples is taken.
  std::vector<double> l2 = {1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5};
  int64_t max_iterations = 1000;
  double tolerance = 1e-6;  ///< of the gradient's largest element
};

/// Multinomial logistic regression on standardised features.
struct LinearProbe {
  Standardiser standardiser;
  torch::Tensor weight, bias;  ///< [classes, D] and [classes], float64
  double l2 = 0;               ///< the weight that was chosen
  double loss = 0;             ///< mean cross-entropy of the training samples, without the L2 term

  /// features [N, D] -> [N] int64.
  torch::Tensor predict(const torch::Tensor& features) const;
};

/// Minimises mean cross-entropy + l2 / 2 * |weight|^2 (the bias is free) by L-BFGS in float64 from zero: nothing is
/// random. scikit-learn's LogisticRegression with C = 1 / (l2 * N) has the same minimum. The inner split holds out
/// every fifth sample of each class, in the given order; of equally good candidates the strongest is kept, and the
/// probe is fitted once more on all samples. features [N, D], classes [N] int64 in [0, class_count). Throws
/// c10::ValueError otherwise.
LinearProbe fit_linear_probe(const torch::Tensor& features, const torch::Tensor& classes, int64_t class_count,
                             const LinearProbeOptions& options = {});

}  // namespace skysense
