#include "eval/semantic_change.h"

#include "eval/metrics.h"

namespace skysense {

void SemanticChange::add(const torch::Tensor& truth_before, const torch::Tensor& truth_after,
                         const torch::Tensor& predicted_before, const torch::Tensor& predicted_after) {
  TORCH_CHECK_VALUE(truth_before.sizes() == truth_after.sizes() && truth_before.sizes() == predicted_before.sizes() &&
                        truth_before.sizes() == predicted_after.sizes(),
                    "semantic change wants four maps of one shape, not ", truth_before.sizes(), ", ",
                    truth_after.sizes(), ", ", predicted_before.sizes(), ", ", predicted_after.sizes());
  const auto changed = truth_before != truth_after;
  // Filled first: it is the one that may refuse.
  add_pairs(semantic_, truth_after.masked_select(changed), predicted_after.masked_select(changed));
  add_pairs(change_, changed.to(torch::kInt64), (predicted_before != predicted_after).to(torch::kInt64));
}

void SemanticChange::add_series(const torch::Tensor& truth, const torch::Tensor& predicted) {
  TORCH_CHECK_VALUE(truth.dim() == 3 && truth.sizes() == predicted.sizes(), "series are [T, H, W], not ", truth.sizes(),
                    " and ", predicted.sizes());
  for (int64_t t = 0; t + 1 < truth.size(0); ++t) add(truth[t], truth[t + 1], predicted[t], predicted[t + 1]);
}

void SemanticChange::merge(const SemanticChange& other) {
  semantic_.merge(other.semantic_);
  change_.merge(other.change_);
}

SemanticChangeScores SemanticChange::scores() const {
  SemanticChangeScores scores;
  scores.binary_change = binary_scores(change_).iou;
  int64_t present = 0;
  for (const ClassScores& one : scores_of(semantic_).classes) {
    if (one.samples == 0) continue;
    scores.semantic_change += one.iou.value_or(0);
    ++present;
  }
  if (present > 0) scores.semantic_change /= static_cast<double>(present);
  scores.scs = (scores.binary_change + scores.semantic_change) / 2;
  return scores;
}

}  // namespace skysense
