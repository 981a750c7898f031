#include "eval/metrics.h"

#include <algorithm>
#include <cmath>

#include "eval/checks.h"

namespace skysense {
namespace {

double ratio(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

/// P(|X - n/2| >= |b - n/2|) for X ~ Binomial(n, 1/2), in logarithms so that a large n does not underflow.
double exact_two_sided(int64_t b, int64_t c) {
  const int64_t n = b + c, smaller = std::min(b, c);
  if (b == c) return 1;
  const double log_half = static_cast<double>(n) * std::log(0.5);
  double tail = 0;
  for (int64_t i = 0; i <= smaller; ++i) {
    tail += std::exp(std::lgamma(n + 1.0) - std::lgamma(i + 1.0) - std::lgamma(static_cast<double>(n - i) + 1.0) +
                     log_half);
  }
  return std::min(1.0, 2 * tail);
}

}  // namespace

torch::Tensor confusion_matrix(const torch::Tensor& truth, const torch::Tensor& predicted, int64_t classes) {
  check_classes(truth, classes);
  check_classes(predicted, classes);
  TORCH_CHECK_VALUE(truth.size(0) == predicted.size(0), truth.size(0), " true classes with ", predicted.size(0),
                    " predicted ones");
  return torch::bincount(truth.cpu() * classes + predicted.cpu(), {}, classes * classes).view({classes, classes});
}

void add_pairs(Confusion& confusion, const torch::Tensor& truth, const torch::Tensor& predicted) {
  TORCH_CHECK_VALUE(truth.sizes() == predicted.sizes(), "truth ", truth.sizes(), " with predictions ",
                    predicted.sizes());
  TORCH_CHECK_VALUE(truth.scalar_type() == torch::kInt64 && predicted.scalar_type() == torch::kInt64,
                    "classes are int64, not ", truth.scalar_type(), " and ", predicted.scalar_type());
  const auto kept = truth != kIgnored;
  const auto actual = truth.masked_select(kept), claimed = predicted.masked_select(kept);
  check_classes(actual, confusion.classes());
  check_classes(claimed, confusion.classes());
  const int64_t cells = confusion.classes() * confusion.classes();
  const auto counts = torch::bincount(actual * confusion.classes() + claimed, {}, cells).cpu().contiguous();
  confusion.add_counts({counts.const_data_ptr<int64_t>(), static_cast<size_t>(cells)});
}

ClassificationScores scores_of(const Confusion& confusion) {
  const int64_t classes = confusion.classes();
  ClassificationScores scores;
  int64_t with_samples = 0, seen = 0, right = 0;
  for (int64_t k = 0; k < classes; ++k) {
    const int64_t hits = confusion.count(k, k);
    int64_t truths = 0, claims = 0;
    for (int64_t other = 0; other < classes; ++other) {
      truths += confusion.count(k, other);
      claims += confusion.count(other, k);
    }
    ClassScores one{truths, std::nullopt, ratio(hits, claims), ratio(2 * hits, truths + claims), std::nullopt};
    if (truths > 0) {
      one.accuracy = ratio(hits, truths);
      scores.mean_class_accuracy += *one.accuracy;
      ++with_samples;
    }
    if (truths + claims > 0) {
      one.iou = ratio(hits, truths + claims - hits);
      scores.macro_f1 += one.f1;
      scores.mean_iou += *one.iou;
      ++seen;
    }
    right += hits;
    scores.classes.push_back(one);
  }
  if (with_samples > 0) scores.mean_class_accuracy /= static_cast<double>(with_samples);
  if (seen > 0) {
    scores.macro_f1 /= static_cast<double>(seen);
    scores.mean_iou /= static_cast<double>(seen);
  }
  const int64_t total = confusion.total();
  const double p = scores.overall_accuracy = ratio(right, total);
  scores.standard_error = total > 0 ? std::sqrt(p * (1 - p) / static_cast<double>(total)) : 0;
  return scores;
}

ClassificationScores scores_of(const torch::Tensor& confusion) {
  TORCH_CHECK_VALUE(
      confusion.dim() == 2 && confusion.size(0) == confusion.size(1) && confusion.scalar_type() == torch::kInt64,
      "a confusion matrix is [K, K] int64, not ", confusion.sizes(), " of ", confusion.scalar_type());
  const auto counts = confusion.cpu().contiguous();
  Confusion sums(counts.size(0));
  sums.add_counts({counts.const_data_ptr<int64_t>(), static_cast<size_t>(counts.numel())});
  return scores_of(sums);
}

BinaryScores binary_scores(const Confusion& confusion, int64_t positive) {
  TORCH_CHECK_VALUE(positive >= 0 && positive < confusion.classes(), "class ", positive, " of ", confusion.classes());
  const ClassificationScores scores = scores_of(confusion);
  const ClassScores& one = scores.classes[static_cast<size_t>(positive)];
  return {one.precision, one.accuracy.value_or(0), one.f1, one.iou.value_or(0), scores.overall_accuracy};
}

PairedComparison compare_paired(const torch::Tensor& first_correct, const torch::Tensor& second_correct) {
  TORCH_CHECK_VALUE(
      first_correct.dim() == 1 && first_correct.sizes() == second_correct.sizes() && first_correct.numel() > 0 &&
          first_correct.scalar_type() == torch::kBool && second_correct.scalar_type() == torch::kBool,
      "paired answers are two [N] bool tensors, not ", first_correct.sizes(), " and ", second_correct.sizes());
  PairedComparison result;
  result.only_first = (first_correct & ~second_correct).sum().item<int64_t>();
  result.only_second = (~first_correct & second_correct).sum().item<int64_t>();
  const auto n = static_cast<double>(first_correct.numel());
  const auto b = static_cast<double>(result.only_first), c = static_cast<double>(result.only_second);
  result.difference = (b - c) / n;
  result.standard_error = std::sqrt(b + c - (b - c) * (b - c) / n) / n;
  result.p_value = exact_two_sided(result.only_first, result.only_second);
  return result;
}

}  // namespace skysense
