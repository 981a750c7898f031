#pragma once

#include <torch/types.h>

#include <string>

#include "eval/knn.h"
#include "eval/linear_probe.h"

namespace skysense {

/// How frozen features are turned into classes.
enum class ProbeMethod { kKnn, kLinear };

/// Settings of both; only those of the method in use matter.
struct ProbeOptions {
  ProbeMethod method = ProbeMethod::kKnn;
  KnnOptions knn;
  LinearProbeOptions linear;
};

/// Learns from the training samples and predicts the test samples: [M, D], [M] and [N, D] -> [N] int64.
/// Throws c10::ValueError as knn_predict and fit_linear_probe do.
torch::Tensor probe_predict(const torch::Tensor& train_features, const torch::Tensor& train_classes,
                            const torch::Tensor& test_features, int64_t classes, const ProbeOptions& options);

}  // namespace skysense
