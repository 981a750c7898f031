#include "detection/detection_loss.h"

#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/full.h>
#include <ATen/ops/l1_loss.h>
#include <ATen/ops/smooth_l1_loss.h>

#include <algorithm>

namespace skysense {

torch::Tensor sample_weights(const std::vector<int64_t>& shown, const std::vector<int64_t>& counts,
                             torch::Device device) {
  std::vector<torch::Tensor> weights;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double samples = static_cast<double>(counts.size()) * static_cast<double>(std::max<int64_t>(1, counts[i]));
    weights.push_back(at::full({shown[i]}, 1 / samples, at::TensorOptions(at::kFloat).device(device)));
  }
  return at::cat(weights);
}

torch::Tensor weighted_objectness_loss(const torch::Tensor& logits, const torch::Tensor& is_object,
                                       const torch::Tensor& weights) {
  return at::binary_cross_entropy_with_logits(logits, is_object, weights, /*pos_weight=*/{}, at::Reduction::Sum);
}

torch::Tensor weighted_class_loss(const torch::Tensor& logits, const torch::Tensor& labels,
                                  const torch::Tensor& weights) {
  return (at::cross_entropy_loss(logits, labels, /*weight=*/{}, at::Reduction::None) * weights).sum();
}

torch::Tensor weighted_box_loss(const torch::Tensor& deltas, const torch::Tensor& targets, const torch::Tensor& weights,
                                double beta) {
  const auto each = beta > 0 ? at::smooth_l1_loss(deltas, targets, at::Reduction::None, beta)
                             : at::l1_loss(deltas, targets, at::Reduction::None);
  return (each.sum(1) * weights).sum();
}

}  // namespace skysense
