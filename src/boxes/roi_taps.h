#pragma once

#include <cstdint>
#include <vector>

#include "boxes/roi_align.h"

namespace skysense {

/// The cells that the bins of one box are made of: bin i is the sum of weight[t] * the feature of cell[t] for t from
/// first[i] to first[i + 1]. A cell is row * width + column of the feature map.
struct RoiTaps {
  std::vector<int32_t> first, cell;
  std::vector<double> weight;
};

/// Of an upright box x1, y1, x2, y2 in pixels over a map of height x width cells. Taps of one cell are joined: bins
/// smaller than a cell take few.
void make_upright_taps(const double* box, int64_t height, int64_t width, const RoiAlignOptions& options, RoiTaps& taps);

/// Of an oriented box: centre, width, height in pixels, angle in radians.
void make_rotated_taps(const double* box, int64_t height, int64_t width, const RoiAlignOptions& options, RoiTaps& taps);

}  // namespace skysense
