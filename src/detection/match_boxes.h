#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <optional>

namespace skysense {

/// What stands for an object in a match.
inline constexpr int64_t kBackground = -1;  ///< none
inline constexpr int64_t kIgnored = -2;     ///< neither an object nor background: not taught

struct MatchOptions {
  double foreground_iou;  ///< with as much or more the object is matched
  double background_iou;  ///< with less none is; between the two the box is ignored
  /// Where set, the boxes that overlap an object most, ties included, are matched too if they overlap so much.
  std::optional<double> low_quality_iou = {};
};

/// Overlaps of the objects [G] with the boxes [begin, end): [G, end - begin], 0 to 1.
using Overlaps = std::function<torch::Tensor(int64_t begin, int64_t end)>;

/// The object that each of `boxes` boxes is matched with, the one that it overlaps most, of equals the first; or
/// kBackground or kIgnored: int64 [boxes] on `device`. As torchvision's Matcher (Faster R-CNN, arXiv 1506.01497, sec.
/// 3.1.2), which has no lower bound for low-quality matches; mmrotate has one. Only a piece of the overlaps is in
/// memory at a time: many objects and a fine pyramid have gigabytes of them.
torch::Tensor match_boxes(const Overlaps& overlaps, int64_t objects, int64_t boxes, const MatchOptions& options,
                          torch::Device device);

}  // namespace skysense
