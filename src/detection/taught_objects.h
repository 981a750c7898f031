#pragma once

#include <torch/types.h>

#include <cstdint>

#include "detection/detection_options.h"
#include "detection/match_boxes.h"
#include "detection/object_targets.h"

namespace skysense {

/// An image's objects, those that are taught apart from those that are ignored.
struct TaughtObjects {
  torch::Tensor boxes;    ///< float32 [G, 4] or [G, 5]
  torch::Tensor classes;  ///< int64 [G]
  torch::Tensor ignored;  ///< boxes [I, 4] or [I, 5]
};

/// Throws c10::ValueError for targets that the detector cannot learn from: boxes of another kind, without an area or
/// not finite, classes beyond `classes`, another number of one than of the other.
TaughtObjects taught_objects(const ObjectTargets& targets, DetectorKind detector, int64_t classes);

/// The match of every candidate box with the taught objects (match_boxes). A candidate that would be background, but
/// of which `ignore_share` or more lies in one ignored object, is ignored too: what is difficult to see is not taught
/// to be nothing (mmdetection's ignore_iof_thr).
torch::Tensor match_objects(const torch::Tensor& candidates, const TaughtObjects& objects, const MatchOptions& options,
                            double ignore_share);

}  // namespace skysense
