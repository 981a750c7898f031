#include "detection/proposals.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>

#include <algorithm>

#include "boxes/box_coder.h"
#include "boxes/midpoint_coder.h"
#include "boxes/nms.h"
#include "boxes/upright_boxes.h"
#include "detection/any_boxes.h"

namespace skysense {
namespace {

constexpr int64_t kUprightDeltas = 4;
constexpr double kLeastSide = 1e-3;  // pixels (torchvision)

torch::Tensor decode(const torch::Tensor& deltas, const torch::Tensor& anchors, const ImageSize& image) {
  if (deltas.size(1) != kUprightDeltas) return decode_midpoints(deltas, anchors);
  return clip_boxes(decode_boxes(deltas, anchors), static_cast<double>(image.height), static_cast<double>(image.width));
}

torch::Tensor choose(const RpnOutput& output, int64_t number, const ImageSize& image, const RpnOptions& options,
                     bool training) {
  const int64_t before = training ? options.training_proposals_before : options.proposals_before;
  const int64_t after = training ? options.training_proposals : options.proposals;
  const auto logits = output.logits[number];
  std::vector<torch::Tensor> best, levels;
  int64_t begin = 0;
  for (size_t level = 0; level < output.level_sizes.size(); ++level) {
    const int64_t size = output.level_sizes[level], count = std::min(size, before);
    best.push_back(std::get<1>(logits.narrow(0, begin, size).topk(count)) + begin);
    levels.push_back(at::full({count}, static_cast<int64_t>(level), best.back().options()));
    begin += size;
  }
  const auto chosen = at::cat(best);
  const auto boxes =
      decode(output.deltas[number].index_select(0, chosen), output.anchors.index_select(0, chosen), image);
  const auto there = sides_at_least(boxes, kLeastSide).nonzero().squeeze(1);
  const auto candidates = boxes.index_select(0, there);
  const auto kept = nms(upright_bounds(candidates), logits.index_select(0, chosen).index_select(0, there),
                        at::cat(levels).index_select(0, there), options.nms_iou);
  return candidates.index_select(0, kept.slice(0, 0, after));
}

}  // namespace

std::vector<torch::Tensor> choose_proposals(const RpnOutput& output, const std::vector<ImageSize>& images,
                                            const RpnOptions& options, bool training) {
  TORCH_CHECK_VALUE(static_cast<int64_t>(images.size()) == output.logits.size(0), output.logits.size(0),
                    " images want as many sizes, got ", images.size());
  const torch::NoGradGuard no_gradient;
  std::vector<torch::Tensor> proposals;
  for (size_t i = 0; i < images.size(); ++i)
    proposals.push_back(choose(output, static_cast<int64_t>(i), images[i], options, training));
  return proposals;
}

}  // namespace skysense
