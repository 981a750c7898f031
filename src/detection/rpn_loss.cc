#include "detection/rpn_loss.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>

#include <utility>

#include "boxes/box_coder.h"
#include "boxes/midpoint_coder.h"
#include "core/random.h"
#include "detection/any_boxes.h"
#include "detection/detection_loss.h"
#include "detection/sample_boxes.h"

namespace skysense {
namespace {

constexpr double kBeta = 1.0 / 9;
constexpr int64_t kUprightNumbers = 4;

/// Of every anchor, whether it lies within the image.
torch::Tensor within(const torch::Tensor& anchors, const ImageSize& image) {
  return (anchors.select(1, 0) >= 0)
      .logical_and(anchors.select(1, 1) >= 0)
      .logical_and(anchors.select(1, 2) <= image.width)
      .logical_and(anchors.select(1, 3) <= image.height);
}

torch::Tensor encode(const torch::Tensor& boxes, const torch::Tensor& anchors) {
  return boxes.size(1) == kUprightNumbers ? encode_boxes(boxes, anchors) : encode_midpoints(boxes, anchors);
}

}  // namespace

torch::Tensor match_anchors(const torch::Tensor& anchors, const TaughtObjects& objects, const ImageSize& image,
                            const RpnOptions& options, double ignore_share) {
  const TaughtObjects bounds{upright_bounds(objects.boxes), objects.classes, upright_bounds(objects.ignored)};
  const MatchOptions match{.foreground_iou = options.foreground_iou,
                           .background_iou = options.background_iou,
                           .low_quality_iou = options.low_quality_iou};
  if (options.border_anchors != 0) return match_objects(anchors, bounds, match, ignore_share);
  const auto inside = within(anchors, image).nonzero().squeeze(1);
  auto matches = at::full({anchors.size(0)}, kIgnored, anchors.options().dtype(at::kLong));
  return matches.index_copy_(0, inside, match_objects(anchors.index_select(0, inside), bounds, match, ignore_share));
}

RpnLosses rpn_loss(const RpnOutput& output, const std::vector<TaughtObjects>& objects,
                   const std::vector<ImageSize>& images, const DetectionOptions& options, const RowKeys& keys) {
  std::vector<int64_t> counts, taught;  // samples of each image, and those of them that are objects
  std::vector<torch::Tensor> logits, is_object, deltas, targets;
  for (size_t i = 0; i < objects.size(); ++i) {
    const auto number = static_cast<int64_t>(i);
    const auto matches = match_anchors(output.anchors, objects[i], images[i], options.rpn, options.ignore_share);
    const auto sampled =
        sample_boxes(matches, options.rpn.samples, options.rpn.positive_share, mix(keys.at(i), hash_text("anchors")));
    counts.push_back(sampled.count());
    taught.push_back(sampled.objects.size(0));
    for (const auto& [chosen, label] : {std::pair{sampled.objects, 1.0}, {sampled.background, 0.0}}) {
      logits.push_back(output.logits[number].index_select(0, chosen));
      is_object.push_back(at::full_like(logits.back(), label));
    }
    deltas.push_back(output.deltas[number].index_select(0, sampled.objects));
    targets.push_back(encode(objects[i].boxes.index_select(0, matches.index_select(0, sampled.objects)),
                             output.anchors.index_select(0, sampled.objects)));
  }
  const auto device = output.logits.device();
  return {weighted_objectness_loss(at::cat(logits), at::cat(is_object), sample_weights(counts, counts, device)),
          weighted_box_loss(at::cat(deltas), at::cat(targets), sample_weights(taught, counts, device), kBeta)};
}

}  // namespace skysense
