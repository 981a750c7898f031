#include "detection/rpn.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/relu.h>

#include "boxes/anchors.h"
#include "detection/plain_conv.h"

namespace skysense {
namespace {

constexpr int64_t kUprightDeltas = 4, kMidpointDeltas = 6;

int64_t deltas_of(DetectorKind detector) {
  return detector == DetectorKind::kOrientedRcnn ? kMidpointDeltas : kUprightDeltas;
}

/// [B, anchors * numbers, H, W] -> float32 [B, H * W * anchors, numbers].
torch::Tensor by_anchor(const torch::Tensor& map, int64_t numbers) {
  return map.permute({0, 2, 3, 1}).reshape({map.size(0), -1, numbers}).to(at::kFloat);
}

int64_t cell_anchors(const DetectionOptions& options) { return static_cast<int64_t>(options.rpn.anchor_ratios.size()); }

}  // namespace

RpnImpl::RpnImpl(DetectorKind detector, const DetectionOptions& options)
    : detector_(detector),
      options_(options.rpn),
      conv_(register_module("conv", make_conv(options.channels, options.channels, 3))),
      cls_logits_(register_module("cls_logits", make_conv(options.channels, cell_anchors(options), 1))),
      bbox_pred_(
          register_module("bbox_pred", make_conv(options.channels, cell_anchors(options) * deltas_of(detector), 1))) {}

RpnOutput RpnImpl::forward(const std::vector<torch::Tensor>& levels, const std::vector<double>& strides) {
  const size_t count = options_.anchor_sizes.size();
  TORCH_CHECK_VALUE(levels.size() == count && strides.size() == count, count, " anchor sizes want as many levels, got ",
                    levels.size(), " with ", strides.size(), " strides");
  RpnOutput output;
  std::vector<torch::Tensor> anchors, logits, deltas;
  for (size_t i = 0; i < count; ++i) {
    const auto& level = levels[i];
    const auto hidden = at::relu(apply_conv(*conv_, level));
    logits.push_back(by_anchor(cls_logits_(hidden), 1).squeeze(2));
    deltas.push_back(by_anchor(bbox_pred_(hidden), deltas_of(detector_)));
    anchors.push_back(make_anchors(level.size(2), level.size(3),
                                   {.stride = strides[i],
                                    .sizes = {options_.anchor_sizes[i]},
                                    .ratios = options_.anchor_ratios,
                                    .rounded = detector_ == DetectorKind::kFasterRcnn},
                                   level.device()));
    output.level_sizes.push_back(anchors.back().size(0));
  }
  output.anchors = at::cat(anchors);
  output.logits = at::cat(logits, 1);
  output.deltas = at::cat(deltas, 1);
  return output;
}

}  // namespace skysense
