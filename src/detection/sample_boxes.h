#pragma once

#include <torch/types.h>

#include <cstdint>

namespace skysense {

/// Boxes of one image that a loss looks at; indices int64, ascending.
struct SampledBoxes {
  torch::Tensor objects;     ///< matched with an object
  torch::Tensor background;  ///< matched with none

  int64_t count() const { return objects.size(0) + background.size(0); }
};

/// At most `count` of the boxes whose matches [N] are given (see match_boxes), at most positive_share of `count` of
/// them objects; background fills the rest (Faster R-CNN, arXiv 1506.01497, sec. 3.1.3). A box's lot follows from `key`
/// and its index alone: neither from the boxes beside it nor from other images, threads or processes.
SampledBoxes sample_boxes(const torch::Tensor& matches, int64_t count, double positive_share, uint64_t key);

}  // namespace skysense
