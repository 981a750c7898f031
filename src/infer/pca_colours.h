#pragma once

#include <torch/types.h>

#include "infer/feature_windows.h"

namespace skysense {

/// Cells that a preview's components are computed from, at most.
inline constexpr int64_t kPreviewSampleCells = 16384;

/// Evenly spread cells of a map, gathered while it is computed: those on every `step`-th row and column of the grid.
class CellSample {
 public:
  /// At most about `most` of the cells of `area`.
  CellSample(const CellWindow& area, int64_t most);
  void add(const WindowFeatures& found);
  /// The valid cells met, [N, d] float32.
  torch::Tensor rows() const;

 private:
  int64_t step_, capacity_, count_ = 0;
  torch::Tensor rows_;  // [capacity, d], the first `count_` filled: one buffer, so that it leaves no holes in the heap
};

/// A colour for a feature: its three main components over a sample as red, green and blue, each stretched from its 2nd
/// to its 98th percentile. Deterministic, signs included.
class PcaColours {
 public:
  /// sample [N, d]; fewer than two rows, or directions without spread, give mid-grey.
  explicit PcaColours(const torch::Tensor& sample);
  /// [d, h, w] float32 with NaN where invalid -> [4, h, w] uint8, alpha 0 where invalid.
  torch::Tensor paint(const torch::Tensor& features) const;

 private:
  torch::Tensor mean_;        // [d] double
  torch::Tensor components_;  // [3, d] double
  torch::Tensor low_, high_;  // [3] double
};

}  // namespace skysense
