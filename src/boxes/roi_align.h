#pragma once

#include <torch/types.h>

namespace skysense {

struct RoiAlignOptions {
  int64_t height = 7, width = 7;  ///< of the pooled map, in bins
  double scale = 1;               ///< cells of the feature map per pixel of the boxes: 1 / stride
  int64_t samples = 2;            ///< a side of each bin; 0: as many as the bin has cells (ceil)
};

/// RoIAlign (Mask R-CNN, arXiv 1703.06870) with pixel centres at halves, torchvision's roi_align with aligned = true:
/// the mean of samples^2 bilinear samples in each bin. features [B, C, H, W]; boxes [N, 4] upright (x1, y1, x2, y2) or
/// [N, 5] oriented, in pixels; images [N] int64: whose feature map each box looks at -> [N, C, height, width] in the
/// features' type (computed in float32 at least). The bins' columns run along the width and their rows along the height
/// of an oriented box, as mmcv's RoIAlignRotated with aligned and clockwise. Samples more than one cell outside of the
/// map are 0. Differentiable in `features`; the gradient is summed in the order of the boxes for any number of threads
/// (on a GPU in an open order). Throws c10::ValueError for shapes that contradict each other and images that are not
/// there.
torch::Tensor roi_align(const torch::Tensor& features, const torch::Tensor& boxes, const torch::Tensor& images,
                        const RoiAlignOptions& options);

}  // namespace skysense
