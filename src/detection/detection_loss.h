#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace skysense {

/// The four losses of a two-stage detector: float32 scalars, means over the images of each image's own mean over its
/// samples. torchvision and mmdetection divide by the samples of the whole batch instead, which is the same wherever
/// every image has as many. So an image counts as much whatever it is batched with, and losses of several micro-batches
/// or processes join to that of all: sum of images * loss / sum of images.
struct DetectionLosses {
  torch::Tensor objectness;  ///< of anchors: object or not
  torch::Tensor proposals;   ///< of anchors: where the box is
  torch::Tensor classes;     ///< of proposals: which class or none
  torch::Tensor boxes;       ///< of proposals: where the box is

  /// Their sum, each with weight 1 as in the detectors' papers.
  torch::Tensor total() const { return objectness + proposals + classes + boxes; }
};

/// Weights for a mean over images of means over samples: `shown` of each image's samples follow each other, each
/// weighs 1 / images / the image's `counts` -> float32 [sum of shown].
torch::Tensor sample_weights(const std::vector<int64_t>& shown, const std::vector<int64_t>& counts,
                             torch::Device device);

/// The losses of samples [S] by their weights. Logits [S] of objects or not; logits [S, K + 1] of classes, none first.
torch::Tensor weighted_objectness_loss(const torch::Tensor& logits, const torch::Tensor& is_object,
                                       const torch::Tensor& weights);
torch::Tensor weighted_class_loss(const torch::Tensor& logits, const torch::Tensor& labels,
                                  const torch::Tensor& weights);
/// Smooth L1 of deltas [S, P], summed over the P numbers: x^2 / (2 beta) where |x| < beta, |x| - beta / 2 elsewhere.
torch::Tensor weighted_box_loss(const torch::Tensor& deltas, const torch::Tensor& targets, const torch::Tensor& weights,
                                double beta);

}  // namespace skysense
