#include "data/label_cells.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "data/dihedral.h"

namespace skysense {
namespace {

/// The pixels first to end - 1 of an axis whose centres lie in [low, high), at least one.
struct PixelRange {
  int64_t first, end;
};

PixelRange pixels_between(double low, double high, int64_t size) {
  const auto inside = [&](double value) { return std::clamp<int64_t>(static_cast<int64_t>(value), 0, size); };
  const PixelRange range{inside(std::ceil(low - 0.5)), inside(std::ceil(high - 0.5))};
  if (range.first < range.end) return range;
  const int64_t middle = std::clamp<int64_t>(static_cast<int64_t>(std::floor((low + high) / 2)), 0, size - 1);
  return {middle, middle + 1};
}

}  // namespace

torch::Tensor label_cells(const torch::Tensor& label, const std::pair<double, double>& ground, const GroundBox& box,
                          int64_t transform, int64_t cells) {
  TORCH_CHECK_VALUE(label.dim() == 2 && label.scalar_type() == torch::kInt64 && cells > 0 && label.numel() > 0,
                    "label_cells: a label of shape ", label.sizes(), " and ", cells, " cells");
  const auto classes = label.contiguous();
  const int64_t height = label.size(0), width = label.size(1);
  const int64_t* pixel = classes.const_data_ptr<int64_t>();
  const double x_scale = static_cast<double>(width) / ground.first,
               y_scale = static_cast<double>(height) / ground.second;
  const double cell_width = box.width * x_scale / static_cast<double>(cells);
  const double cell_height = box.height * y_scale / static_cast<double>(cells);
  auto result = torch::empty({cells, cells}, torch::kInt64);
  int64_t* out = result.mutable_data_ptr<int64_t>();
  std::map<int64_t, int64_t> counts;
  for (int64_t row = 0; row < cells; ++row) {
    const double top = box.y * y_scale + static_cast<double>(row) * cell_height;
    const PixelRange y = pixels_between(top, top + cell_height, height);
    for (int64_t column = 0; column < cells; ++column) {
      const double left = box.x * x_scale + static_cast<double>(column) * cell_width;
      const PixelRange x = pixels_between(left, left + cell_width, width);
      counts.clear();
      for (int64_t i = y.first; i < y.end; ++i) {
        for (int64_t j = x.first; j < x.end; ++j) ++counts[std::max<int64_t>(pixel[i * width + j], -1)];
      }
      const auto most = std::ranges::max_element(counts, {}, [](const auto& item) { return item.second; });
      out[row * cells + column] = most->first;
    }
  }
  return apply_dihedral(result, transform);
}

}  // namespace skysense
