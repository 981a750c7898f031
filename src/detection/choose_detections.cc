#include "detection/choose_detections.h"

#include <ATen/ops/softmax.h>

#include "boxes/box_coder.h"
#include "boxes/nms.h"
#include "boxes/rotated_coder.h"
#include "boxes/upright_boxes.h"

namespace skysense {
namespace {

constexpr int64_t kUprightNumbers = 4;
constexpr double kLeastSide = 1e-2;  // pixels (torchvision)

torch::Tensor decode(const torch::Tensor& deltas, const torch::Tensor& proposals, const ImageSize& image) {
  if (proposals.size(1) != kUprightNumbers) return decode_rotated(deltas, proposals);
  return clip_boxes(decode_boxes(deltas, proposals, upright_head_coder()), static_cast<double>(image.height),
                    static_cast<double>(image.width));
}

/// logits [R, K + 1] and deltas [R, K + 1 or 1, 4 or 5] of one image's proposals.
Detections choose(const torch::Tensor& logits, const torch::Tensor& deltas, const torch::Tensor& proposals,
                  const ImageSize& image, const DetectionOptions& options) {
  const auto probabilities = at::softmax(logits, 1).slice(1, 1);
  // Row after row, as torchvision's: of equal scores the first stays.
  const auto found = (probabilities > options.score_threshold).nonzero();
  auto row = found.select(1, 0), label = found.select(1, 1);
  const auto own = deltas.size(1) > 1 ? deltas.index({row, label + 1}) : deltas.index_select(0, row).squeeze(1);
  const auto boxes = decode(own, proposals.index_select(0, row), image);
  const auto scores = probabilities.index({row, label});
  const auto there = sides_at_least(boxes, kLeastSide).nonzero().squeeze(1);
  const Detections all{boxes.index_select(0, there), scores.index_select(0, there), label.index_select(0, there)};
  const auto kept = nms(all.boxes, all.scores, all.classes, options.nms_iou).slice(0, 0, options.detections);
  return {all.boxes.index_select(0, kept), all.scores.index_select(0, kept), all.classes.index_select(0, kept)};
}

}  // namespace

std::vector<Detections> choose_detections(const RoiOutput& output, const std::vector<torch::Tensor>& proposals,
                                          const std::vector<ImageSize>& images, const DetectionOptions& options) {
  const torch::NoGradGuard no_gradient;
  std::vector<Detections> detections;
  int64_t begin = 0;
  for (size_t i = 0; i < proposals.size(); ++i) {
    const int64_t count = proposals[i].size(0);
    detections.push_back(choose(output.logits.narrow(0, begin, count), output.deltas.narrow(0, begin, count),
                                proposals[i], images.at(i), options));
    begin += count;
  }
  return detections;
}

}  // namespace skysense
