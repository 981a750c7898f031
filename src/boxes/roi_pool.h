#pragma once

#include <torch/types.h>

#include <vector>

#include "boxes/roi_align.h"

namespace skysense {

/// Which level of a pyramid a box is pooled from.
struct RoiLevelOptions {
  double canonical_size = 224;  ///< sqrt(area) in pixels of a box that belongs to `canonical_level`
  int64_t canonical_level = 4;  ///< log2 of that level's stride
  int64_t finest_level = 2;     ///< log2 of the first level's stride
};

/// Equation 1 of feature pyramid networks (arXiv 1612.03144) with torchvision's rounding: floor(canonical_level +
/// log2(sqrt(area) / canonical_size) + 1e-6), counted from the finest level and held within the `levels` there are.
/// boxes: upright [N, 4] or oriented [N, 5] (by width x height), pixels -> int64 [N].
torch::Tensor roi_levels(const torch::Tensor& boxes, int64_t levels, const RoiLevelOptions& options = {});

struct RoiPoolOptions {
  int64_t size = 7;     ///< bins a side
  int64_t samples = 2;  ///< see RoiAlignOptions
  RoiLevelOptions levels = {};
};

/// roi_align of each box on its level: levels [B, C, H_i, W_i], finest first, with `strides` in pixels; boxes and
/// images as roi_align takes them -> [N, C, size, size]. Throws c10::ValueError as roi_align, and for another number of
/// strides.
torch::Tensor pool_rois(const std::vector<torch::Tensor>& levels, const std::vector<double>& strides,
                        const torch::Tensor& boxes, const torch::Tensor& images, const RoiPoolOptions& options = {});

}  // namespace skysense
