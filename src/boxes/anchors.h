#pragma once

#include <torch/types.h>

#include <vector>

namespace skysense {

/// The upright anchors of one level of a pyramid.
struct AnchorOptions {
  double stride = 4;                           ///< pixels of the image per cell
  std::vector<double> sizes = {32};            ///< sqrt(area) in pixels; mmdet's scale x stride
  std::vector<double> ratios = {0.5, 1.0, 2};  ///< height / width
  bool rounded = true;  ///< corners around the centre rounded to whole pixels: torchvision's; false: mmdet's
};

/// How many anchors a cell has.
int64_t anchors_a_cell(const AnchorOptions& options);

/// All anchors of a map of height x width cells, [height * width * A, 4] float32 pixels: rows, then columns, then the
/// anchors of a cell, ratio by ratio with all sizes each. They are centred on the cell's upper left corner, (column,
/// row) * stride, as torchvision's and mmdet's (center_offset = 0) both are, and may reach out of the image.
torch::Tensor make_anchors(int64_t height, int64_t width, const AnchorOptions& options,
                           torch::Device device = torch::kCPU);

}  // namespace skysense
