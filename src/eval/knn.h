#pragma once

#include <torch/types.h>

namespace skysense {

/// The k-nearest-neighbour classifier of DINO (arXiv 2104.14294, eval_knn.py): its accuracy measures frozen features
/// without training anything.
struct KnnOptions {
  int64_t k = 20;
  double temperature = 0.07;  ///< a neighbour of cosine similarity s votes with exp(s / temperature)
  int64_t chunk = 256;        ///< test samples a matrix product; bounds the memory, changes no result
};

/// train_features [M, D], train_classes [M] int64 in [0, classes), test_features [N, D] -> [N] int64 predicted classes.
/// Any floating dtype and device; features are normalised to length 1 here. Of equally similar neighbours the one with
/// the lower number counts, of equal votes the lower class; all M vote where k > M.
/// Throws c10::ValueError for shapes that disagree, no training sample, and features that are not finite.
torch::Tensor knn_predict(const torch::Tensor& train_features, const torch::Tensor& train_classes,
                          const torch::Tensor& test_features, int64_t classes, const KnnOptions& options = {});

}  // namespace skysense
