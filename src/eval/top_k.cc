#include "eval/top_k.h"

#include <algorithm>

#include "eval/checks.h"
#include "eval/confusion.h"

namespace skysense {

TopK::TopK(std::vector<int64_t> ks) : ks_(std::move(ks)), hits_(ks_.size()) {
  for (const int64_t k : ks_) TORCH_CHECK_VALUE(k >= 1, "top-k wants k of at least 1, not ", k);
}

void TopK::add(const torch::Tensor& scores, const torch::Tensor& truth) {
  TORCH_CHECK_VALUE(scores.dim() == 2 && scores.is_floating_point() && truth.dim() == 1 &&
                        truth.scalar_type() == torch::kInt64 && truth.size(0) == scores.size(0),
                    "top-k wants scores [N, K] and classes [N] int64, not ", scores.sizes(), " of ",
                    scores.scalar_type(), " and ", truth.sizes(), " of ", truth.scalar_type());
  TORCH_CHECK_VALUE(!torch::isnan(scores).any().item<bool>(), "scores must not be NaN");
  const auto kept = (truth != kIgnored).nonzero().squeeze(1);
  const auto classes = truth.index_select(0, kept);
  check_classes(classes, scores.size(1));
  const auto rows = scores.index_select(0, kept);
  const auto own = rows.gather(1, classes.unsqueeze(1));
  const auto numbers = torch::arange(scores.size(1), classes.options()).unsqueeze(0);
  const auto before = (rows > own) | ((rows == own) & (numbers < classes.unsqueeze(1)));
  const auto rank = before.sum(1);
  for (size_t i = 0; i < ks_.size(); ++i) hits_[i] += (rank < ks_[i]).sum().item<int64_t>();
  samples_ += kept.size(0);
}

void TopK::merge(const TopK& other) {
  TORCH_CHECK_VALUE(ks_ == other.ks_, "only accuracies of the same ks can be merged");
  for (size_t i = 0; i < hits_.size(); ++i) hits_[i] += other.hits_[i];
  samples_ += other.samples_;
}

std::vector<double> TopK::accuracies() const {
  std::vector<double> shares;
  for (const int64_t hits : hits_)
    shares.push_back(samples_ > 0 ? static_cast<double>(hits) / static_cast<double>(samples_) : 0);
  return shares;
}

}  // namespace skysense
