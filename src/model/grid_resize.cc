#include "model/grid_resize.h"

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/upsample_bilinear2d.h>

#include <algorithm>

namespace skysense {

torch::Tensor resize_grid(const torch::Tensor& features, int64_t height, int64_t width) {
  const int64_t from_height = features.size(1), from_width = features.size(2);
  if (from_height == height && from_width == width) return features;
  auto planes = features.permute({0, 3, 1, 2});
  if (height < from_height || width < from_width) {
    planes = at::adaptive_avg_pool2d(planes, {std::min(height, from_height), std::min(width, from_width)});
  }
  if (height > from_height || width > from_width) {
    planes = at::upsample_bilinear2d(planes, {height, width}, /*align_corners=*/false);
  }
  return planes.permute({0, 2, 3, 1}).contiguous();
}

}  // namespace skysense
