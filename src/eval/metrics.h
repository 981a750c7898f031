#pragma once

#include <torch/types.h>

#include <optional>
#include <vector>

#include "eval/confusion.h"

namespace skysense {

/// truth [N] and predicted [N] int64 in [0, classes) -> [classes, classes] int64: rows are the truth.
/// Throws c10::ValueError for shapes that disagree and classes out of range.
torch::Tensor confusion_matrix(const torch::Tensor& truth, const torch::Tensor& predicted, int64_t classes);

/// Adds maps or lists of classes to a confusion matrix: truth and predicted of one shape, int64, on any device; as
/// Confusion::add, but counted on the device. Throws c10::ValueError.
void add_pairs(Confusion& confusion, const torch::Tensor& truth, const torch::Tensor& predicted);

struct ClassScores {
  int64_t samples = 0;             ///< of the class in the truth
  std::optional<double> accuracy;  ///< share of the class's samples found (recall); none without samples
  double precision = 0, f1 = 0;    ///< 0 where the class is never predicted, or never found
  std::optional<double> iou;       ///< intersection over union; none where neither truth nor prediction has the class
};

struct ClassificationScores {
  double overall_accuracy = 0;
  double standard_error = 0;       ///< of the overall accuracy, binomial: sqrt(p (1 - p) / N)
  double mean_class_accuracy = 0;  ///< over the classes with samples (scikit-learn's balanced accuracy)
  double macro_f1 = 0;             ///< mF1: over the classes that occur in truth or prediction
  double mean_iou = 0;             ///< mIoU: over the classes that occur in truth or prediction
  std::vector<ClassScores> classes;
};

/// Scores of a confusion matrix. All zero for one without samples.
ClassificationScores scores_of(const Confusion& confusion);
/// The same of a matrix [K, K] int64.
ClassificationScores scores_of(const torch::Tensor& confusion);

/// Scores of one class against the rest: what change detection is judged by (F1 of "changed").
struct BinaryScores {
  double precision = 0, recall = 0, f1 = 0, iou = 0;  ///< 0 where the denominator is
  double overall_accuracy = 0;
};

/// Of class `positive`. Throws c10::ValueError where the matrix lacks it.
BinaryScores binary_scores(const Confusion& confusion, int64_t positive = 1);

/// How two classifiers differ on the same samples. The difference of paired answers has a smaller standard error than
/// two independent accuracies; only samples on which exactly one is right count (McNemar 1947).
struct PairedComparison {
  double difference = 0;                    ///< accuracy of the first minus that of the second
  double standard_error = 0;                ///< sqrt(b + c - (b - c)^2 / N) / N
  int64_t only_first = 0, only_second = 0;  ///< b and c: samples that only one of them has right
  double p_value = 1;                       ///< exact two-sided binomial test of b = c
};

/// first_correct, second_correct [N] bool over the same N > 0 samples. Throws c10::ValueError otherwise.
PairedComparison compare_paired(const torch::Tensor& first_correct, const torch::Tensor& second_correct);

}  // namespace skysense
