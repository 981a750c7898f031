#include "heads/task_loss.h"

#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/functional/loss.h>

namespace skysense {
namespace {

/// The weights of `classes` classes, float32; undefined where they are all 1.
torch::Tensor weights_of(const TaskLossOptions& options, int64_t classes, torch::Device device) {
  if (options.class_weights.empty()) return {};
  TORCH_CHECK_VALUE(static_cast<int64_t>(options.class_weights.size()) == classes, classes,
                    " classes want as many weights, got ", options.class_weights.size());
  return at::tensor(options.class_weights, at::TensorOptions(at::kFloat)).to(device);
}

/// sum / total, and 0 with a zero gradient where nothing counted: torch's own mean is NaN there.
torch::Tensor mean_of(const torch::Tensor& sum, const torch::Tensor& total) {
  return sum / total.masked_fill(total == 0, 1);
}

torch::Tensor cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels, const TaskLossOptions& options) {
  const auto weights = weights_of(options, logits.size(1), logits.device());
  if (labels.is_floating_point()) return at::cross_entropy_loss(logits, labels, weights, at::Reduction::Mean);
  const auto sum = at::cross_entropy_loss(logits, labels, weights, at::Reduction::Sum, options.ignore_index);
  const auto counted = labels != options.ignore_index;
  if (!weights.defined()) return mean_of(sum, counted.sum());
  const auto each = weights.index({labels.masked_fill(counted.logical_not(), 0)});
  return mean_of(sum, (each * counted).sum());
}

torch::Tensor binary_cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels,
                                   const TaskLossOptions& options) {
  TORCH_CHECK_VALUE(logits.size(1) == 1, "binary cross-entropy wants one logit, got ", logits.size(1));
  const auto weights = weights_of(options, 2, logits.device());
  const auto counted = labels != options.ignore_index;
  const auto target = labels.masked_fill(counted.logical_not(), 0);
  auto each = counted.to(at::kFloat);
  if (weights.defined()) each = each * weights.index({target.to(at::kLong)});
  const auto sum = at::binary_cross_entropy_with_logits(logits.squeeze(1), target.to(at::kFloat), each,
                                                        /*pos_weight=*/{}, at::Reduction::Sum);
  return mean_of(sum, each.sum());
}

}  // namespace

torch::Tensor task_loss(const torch::Tensor& logits, const torch::Tensor& labels, const TaskLossOptions& options) {
  const auto values = logits.to(at::kFloat);
  switch (options.loss) {
    case TaskLoss::kCrossEntropy:
      return cross_entropy(values, labels, options);
    case TaskLoss::kBinaryCrossEntropy:
      return binary_cross_entropy(values, labels, options);
    case TaskLoss::kMultiLabelSoftMargin: {
      torch::nn::functional::MultilabelSoftMarginLossFuncOptions margin;
      const auto weights = weights_of(options, logits.size(1), logits.device());
      if (weights.defined()) margin.weight(weights);
      return torch::nn::functional::multilabel_soft_margin_loss(values, labels.to(at::kFloat), margin);
    }
  }
  TORCH_CHECK_VALUE(false, "unknown loss");
}

double label_weight(const torch::Tensor& labels, const TaskLossOptions& options) {
  if (options.loss == TaskLoss::kMultiLabelSoftMargin || labels.is_floating_point())
    return static_cast<double>(labels.size(0));
  const auto counted = labels != options.ignore_index;
  if (options.class_weights.empty()) return counted.sum().item<double>();
  const auto weights = weights_of(options, static_cast<int64_t>(options.class_weights.size()), labels.device());
  return (weights.index({labels.masked_fill(counted.logical_not(), 0)}) * counted).sum(at::kDouble).item<double>();
}

torch::Tensor task_loss(const TaskOutput& output, const std::vector<torch::Tensor>& labels,
                        const TaskLossOptions& options) {
  const size_t maps = output.logits.size();
  TORCH_CHECK_VALUE(maps > 0 && labels.size() == maps, maps, " maps want as many label tensors, got ", labels.size());
  torch::Tensor total;
  for (size_t i = 0; i < maps; ++i) {
    auto loss = task_loss(output.logits[i], labels[i], options);
    if (!output.auxiliary.empty())
      loss = loss + options.auxiliary_weight * task_loss(output.auxiliary[i], labels[i], options);
    total = total.defined() ? total + loss : loss;
  }
  return total / static_cast<double>(maps);
}

}  // namespace skysense
