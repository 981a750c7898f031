#include "detection/roi_head.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/relu.h>

#include "boxes/roi_pool.h"
#include "model/linear.h"

namespace skysense {
namespace {

torch::Tensor run(const torch::nn::Linear& layer, const torch::Tensor& x) {
  return apply_linear(x, layer->weight, layer->bias);
}

/// Boxes that the head gives for a proposal.
int64_t boxes_of(DetectorKind detector, int64_t classes) {
  return detector == DetectorKind::kOrientedRcnn ? 1 : classes + 1;
}

}  // namespace

BoxCoderOptions upright_head_coder() { return {.weights = {10, 10, 5, 5}}; }

RoiHeadImpl::RoiHeadImpl(DetectorKind detector, const DetectionOptions& options, int64_t classes)
    : detector_(detector),
      options_(options.roi_head),
      fc6_(
          register_module("fc6", torch::nn::Linear(options.channels * options_.pool * options_.pool, options_.hidden))),
      fc7_(register_module("fc7", torch::nn::Linear(options_.hidden, options_.hidden))),
      cls_score_(register_module("cls_score", torch::nn::Linear(options_.hidden, classes + 1))),
      bbox_pred_(register_module(
          "bbox_pred", torch::nn::Linear(options_.hidden, boxes_of(detector, classes) * box_numbers(detector)))) {}

RoiOutput RoiHeadImpl::forward(const std::vector<torch::Tensor>& levels, const std::vector<double>& strides,
                               const std::vector<torch::Tensor>& proposals) {
  std::vector<torch::Tensor> images, maps;
  for (size_t i = 0; i < proposals.size(); ++i) {
    images.push_back(
        at::full({proposals[i].size(0)}, static_cast<int64_t>(i), proposals[i].options().dtype(at::kLong)));
  }
  for (const auto& level : levels) maps.push_back(level.to(at::kFloat));
  const auto pooled = pool_rois(maps, strides, at::cat(proposals), at::cat(images),
                                {.size = options_.pool, .samples = options_.sampling_ratio});
  const auto hidden = at::relu(run(fc7_, at::relu(run(fc6_, pooled.flatten(1)))));
  return {run(cls_score_, hidden).to(at::kFloat),
          run(bbox_pred_, hidden).to(at::kFloat).unflatten(1, {-1, box_numbers(detector_)})};
}

}  // namespace skysense
