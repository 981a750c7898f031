#pragma once

#include <torch/types.h>

#include <vector>

#include "heads/task_description.h"
#include "heads/task_output.h"

namespace skysense {

struct TaskLossOptions {
  TaskLoss loss = TaskLoss::kCrossEntropy;
  std::vector<double> class_weights = {};  ///< K, for kBinaryCrossEntropy of no and yes; empty: all 1
  int64_t ignore_index = 255;              ///< label that counts for nothing
  double auxiliary_weight = 0.4;           ///< of the auxiliary head's loss (mmsegmentation's setting for Swin)
};

/// The mean loss over labels that are not ignored, weighted by class as torch does; 0 where all are ignored. Labels:
/// int64 [B] or [B, H, W] for the two cross-entropies, or class probabilities of the logits' shape (mixup), of which
/// none is ignored; 0 or 1 [B, K] for kMultiLabelSoftMargin. logits: [B, K, ...], float32 or less. -> float32 scalar.
/// Throws c10::ValueError for class weights of another number.
torch::Tensor task_loss(const torch::Tensor& logits, const torch::Tensor& labels, const TaskLossOptions& options);

/// What task_loss divides by: the number, or the sum of the class weights, of the labels that are not ignored; of
/// multi-label samples and of probabilities the number of samples. With it means of several parts of a batch join to
/// the mean of the whole: sum of weight * loss / sum of weight.
double label_weight(const torch::Tensor& labels, const TaskLossOptions& options);

/// The same over all labelled maps of an output, each with its labels, and their auxiliary maps: the mean over the maps
/// of main + auxiliary_weight * auxiliary. Throws c10::ValueError for another number of label tensors.
torch::Tensor task_loss(const TaskOutput& output, const std::vector<torch::Tensor>& labels,
                        const TaskLossOptions& options);

}  // namespace skysense
