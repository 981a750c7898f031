#include "detection/taught_objects.h"

#include <ATen/ops/zeros.h>

#include "boxes/upright_boxes.h"
#include "detection/any_boxes.h"

namespace skysense {
namespace {

void check(const ObjectTargets& targets, DetectorKind detector, int64_t classes) {
  const auto& boxes = targets.boxes;
  TORCH_CHECK_VALUE(boxes.dim() == 2 && boxes.size(1) == box_numbers(detector), detector_name(detector),
                    " wants boxes of ", box_numbers(detector), " numbers, got ", boxes.sizes());
  const int64_t count = boxes.size(0);
  TORCH_CHECK_VALUE(targets.classes.dim() == 1 && targets.classes.size(0) == count, count,
                    " boxes want as many classes, got ", targets.classes.sizes());
  TORCH_CHECK_VALUE(!targets.ignored.defined() || targets.ignored.sizes() == targets.classes.sizes(), count,
                    " boxes want as many marks of ignored ones, got ", targets.ignored.sizes());
  if (count == 0) return;
  TORCH_CHECK_VALUE(boxes.isfinite().all().item<bool>(), "boxes to learn from must be finite");
  constexpr double kLeastSide = 1e-3;  // pixels: below, the logarithms of the deltas say nothing
  TORCH_CHECK_VALUE(sides_at_least(boxes, kLeastSide).all().item<bool>(), "boxes to learn from must have an area");
  TORCH_CHECK_VALUE(targets.classes.min().item<int64_t>() >= 0 && targets.classes.max().item<int64_t>() < classes,
                    "classes must be 0 to ", classes - 1);
}

}  // namespace

TaughtObjects taught_objects(const ObjectTargets& targets, DetectorKind detector, int64_t classes) {
  check(targets, detector, classes);
  const auto boxes = targets.boxes.to(at::kFloat);
  if (!targets.ignored.defined()) return {boxes, targets.classes, boxes.narrow(0, 0, 0)};
  const auto kept = targets.ignored.logical_not().nonzero().squeeze(1);
  return {boxes.index_select(0, kept), targets.classes.index_select(0, kept),
          boxes.index_select(0, targets.ignored.nonzero().squeeze(1))};
}

torch::Tensor match_objects(const torch::Tensor& candidates, const TaughtObjects& objects, const MatchOptions& options,
                            double ignore_share) {
  const auto overlaps = [&](int64_t begin, int64_t end) {
    return overlaps_of(objects.boxes, candidates.narrow(0, begin, end - begin));
  };
  auto matches = match_boxes(overlaps, objects.boxes.size(0), candidates.size(0), options, candidates.device());
  if (objects.ignored.size(0) == 0 || candidates.size(0) == 0) return matches;
  const auto background = (matches == kBackground).nonzero().squeeze(1);
  if (background.size(0) == 0) return matches;
  const auto within = overlaps_of(candidates.index_select(0, background), objects.ignored, OverlapOf::kFirst);
  const auto covered = std::get<0>(within.max(1)) >= ignore_share;
  return matches.index_fill_(0, background.masked_select(covered), kIgnored);
}

}  // namespace skysense
