#include "detection/roi_loss.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include "boxes/box_coder.h"
#include "boxes/rotated_coder.h"
#include "core/random.h"
#include "detection/detection_loss.h"
#include "detection/sample_boxes.h"

namespace skysense {
namespace {

constexpr int64_t kUprightNumbers = 4;

torch::Tensor encode(const torch::Tensor& boxes, const torch::Tensor& proposals) {
  return boxes.size(1) == kUprightNumbers ? encode_boxes(boxes, proposals, upright_head_coder())
                                          : encode_rotated(boxes, proposals);
}

}  // namespace

RoiSamples sample_proposals(const std::vector<torch::Tensor>& proposals, const std::vector<TaughtObjects>& objects,
                            const DetectionOptions& options, const RowKeys& keys) {
  const RoiHeadOptions& head = options.roi_head;
  RoiSamples samples;
  std::vector<torch::Tensor> labels, boxes;
  for (size_t i = 0; i < proposals.size(); ++i) {
    const auto candidates = at::cat({proposals[i], objects[i].boxes});
    const auto matches = match_objects(candidates, objects[i],
                                       {.foreground_iou = head.foreground_iou, .background_iou = head.background_iou},
                                       options.ignore_share);
    const auto sampled =
        sample_boxes(matches, head.samples, head.positive_share, mix(keys.at(i), hash_text("proposals")));
    const auto taught = matches.index_select(0, sampled.objects);
    const auto background = candidates.index_select(0, sampled.background);
    samples.counts.push_back(sampled.count());
    samples.proposals.push_back(at::cat({candidates.index_select(0, sampled.objects), background}));
    labels.push_back(objects[i].classes.index_select(0, taught) + 1);
    labels.push_back(at::zeros({background.size(0)}, labels.back().options()));
    boxes.push_back(objects[i].boxes.index_select(0, taught));
    boxes.push_back(background);
  }
  samples.labels = at::cat(labels);
  samples.boxes = at::cat(boxes);
  return samples;
}

RoiLosses roi_loss(const RoiOutput& output, const RoiSamples& samples, const RoiHeadOptions& options) {
  const auto weights = sample_weights(samples.counts, samples.counts, output.logits.device());
  const auto objects = samples.labels.nonzero().squeeze(1);
  const auto labels = samples.labels.index_select(0, objects);
  const auto targets =
      encode(samples.boxes.index_select(0, objects), at::cat(samples.proposals).index_select(0, objects));
  const bool by_class = output.deltas.size(1) > 1;
  const auto deltas =
      by_class ? output.deltas.index({objects, labels}) : output.deltas.index_select(0, objects).squeeze(1);
  return {weighted_class_loss(output.logits, samples.labels, weights),
          weighted_box_loss(deltas, targets, weights.index_select(0, objects), options.smooth_l1_beta)};
}

}  // namespace skysense
