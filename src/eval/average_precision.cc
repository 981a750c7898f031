#include "eval/average_precision.h"

namespace skysense {
namespace {

void check_ranking(const torch::Tensor& scores, const torch::Tensor& truth) {
  TORCH_CHECK_VALUE(
      scores.is_floating_point() && truth.scalar_type() == torch::kBool && scores.sizes() == truth.sizes(),
      "a ranking wants floating scores and bool truth of one shape, not ", scores.sizes(), " of ", scores.scalar_type(),
      " and ", truth.sizes(), " of ", truth.scalar_type());
  TORCH_CHECK_VALUE(!torch::isnan(scores).any().item<bool>(), "scores must not be NaN");
}

}  // namespace

std::optional<double> average_precision(const torch::Tensor& scores, const torch::Tensor& positive) {
  check_ranking(scores, positive);
  const auto [sorted, order] = scores.cpu().flatten().sort(/*stable=*/true, 0, /*descending=*/true);
  const auto hits = positive.cpu().flatten().index_select(0, order).contiguous();
  const auto values = sorted.to(torch::kFloat64).contiguous();
  const double* value = values.const_data_ptr<double>();
  const bool* hit = hits.const_data_ptr<bool>();
  const int64_t count = values.numel(), positives = hits.sum().item<int64_t>();
  if (positives == 0) return std::nullopt;
  double area = 0;
  int64_t found = 0, counted = 0;
  for (int64_t i = 0; i < count; ++i) {
    found += hit[i] ? 1 : 0;
    if (i + 1 < count && value[i + 1] == value[i]) continue;  // samples of equal score are taken together
    area += static_cast<double>(found - counted) * static_cast<double>(found) / static_cast<double>(i + 1);
    counted = found;
  }
  return area / static_cast<double>(positives);
}

MultiLabelRanking::MultiLabelRanking(int64_t classes) : classes_(classes) {
  TORCH_CHECK_VALUE(classes > 0, "at least one class is needed");
}

void MultiLabelRanking::add(const torch::Tensor& scores, const torch::Tensor& truth) {
  check_ranking(scores, truth);
  TORCH_CHECK_VALUE(scores.dim() == 2 && scores.size(1) == classes_, "scores are [N, ", classes_, "], not ",
                    scores.sizes());
  scores_.push_back(scores.detach().to(torch::kCPU, torch::kFloat32).clone());
  truth_.push_back(truth.cpu().clone());
}

void MultiLabelRanking::merge(const MultiLabelRanking& other) {
  TORCH_CHECK_VALUE(classes_ == other.classes_, "rankings of ", classes_, " and ", other.classes_, " classes");
  scores_.insert(scores_.end(), other.scores_.begin(), other.scores_.end());
  truth_.insert(truth_.end(), other.truth_.begin(), other.truth_.end());
}

torch::Tensor MultiLabelRanking::scores() const {
  return scores_.empty() ? torch::empty({0, classes_}) : torch::cat(scores_);
}

torch::Tensor MultiLabelRanking::truth() const {
  return truth_.empty() ? torch::empty({0, classes_}, torch::kBool) : torch::cat(truth_);
}

MultiLabelPrecision MultiLabelRanking::precision() const {
  const auto all_scores = scores(), all_truth = truth();
  MultiLabelPrecision result;
  int64_t counted = 0;
  for (int64_t k = 0; k < classes_; ++k) {
    result.classes.push_back(average_precision(all_scores.select(1, k), all_truth.select(1, k)));
    if (!result.classes.back()) continue;
    result.macro += *result.classes.back();
    ++counted;
  }
  if (counted > 0) result.macro /= static_cast<double>(counted);
  result.micro = average_precision(all_scores, all_truth).value_or(0);
  return result;
}

}  // namespace skysense
