#include "boxes/roi_pool.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "boxes/box_tensors.h"
#include "boxes/upright_boxes.h"

namespace skysense {

torch::Tensor roi_levels(const torch::Tensor& boxes, int64_t levels, const RoiLevelOptions& options) {
  const bool rotated = boxes.dim() == 2 && boxes.size(1) == 5;
  check_boxes(boxes, rotated ? 5 : 4, "roi_levels");
  TORCH_CHECK_VALUE(levels > 0, "roi_levels: no levels");
  const auto area = rotated ? boxes.select(1, 2) * boxes.select(1, 3) : box_areas(boxes);
  const auto level =
      ((area.sqrt() / options.canonical_size).log2() + static_cast<double>(options.canonical_level) + 1e-6).floor() -
      static_cast<double>(options.finest_level);
  // Boxes without area go to the finest level.
  return level.nan_to_num(0, static_cast<double>(levels), 0).clamp(0, static_cast<double>(levels - 1)).to(at::kLong);
}

torch::Tensor pool_rois(const std::vector<torch::Tensor>& levels, const std::vector<double>& strides,
                        const torch::Tensor& boxes, const torch::Tensor& images, const RoiPoolOptions& options) {
  TORCH_CHECK_VALUE(!levels.empty() && levels.size() == strides.size(), "pool_rois: ", strides.size(), " strides of ",
                    levels.size(), " levels");
  const auto align = [&](size_t level, const torch::Tensor& some, const torch::Tensor& their_images) {
    return roi_align(
        levels[level], some, their_images,
        {.height = options.size, .width = options.size, .scale = 1 / strides[level], .samples = options.samples});
  };
  if (levels.size() == 1) return align(0, boxes, images);
  const auto level_of = roi_levels(boxes, static_cast<int64_t>(levels.size()), options.levels);
  auto result = at::zeros({boxes.size(0), levels[0].size(1), options.size, options.size}, levels[0].options());
  for (size_t level = 0; level < levels.size(); ++level) {
    const auto numbers = (level_of == static_cast<int64_t>(level)).nonzero().squeeze(1);
    if (numbers.numel() == 0) continue;
    result =
        result.index_copy(0, numbers, align(level, boxes.index_select(0, numbers), images.index_select(0, numbers)));
  }
  return result;
}

}  // namespace skysense
