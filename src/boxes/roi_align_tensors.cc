#include "boxes/roi_align_tensors.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

namespace skysense {
namespace {

/// Samples of every box along one of its own axes.
struct Axis {
  torch::Tensor from_middle;  // [N, bins, S] cells from the middle of the box
  torch::Tensor counted;      // [N, 1, S] whether the box has so many samples a bin
  torch::Tensor count;        // [N]
};

/// `length` [N] in cells; `most` samples a bin where they follow from the length.
Axis make_axis(const torch::Tensor& length, int64_t bins, int64_t wanted, int64_t most) {
  const auto bin = length / bins;
  const auto count = wanted > 0 ? at::full_like(length, wanted) : bin.ceil().nan_to_num(0).clamp(0, most);
  const int64_t largest = wanted > 0 ? wanted : (count.numel() > 0 ? count.max().item<int64_t>() : 0);
  const auto number = at::arange(largest, length.options());
  const auto within = (number + 0.5) / count.clamp_min(1).unsqueeze(1);  // [N, S], a part of the bin
  const auto whole = at::arange(bins, length.options()).view({1, bins, 1}) + within.unsqueeze(1);
  const auto middle = (length / 2).view({-1, 1, 1});
  return {whole * bin.view({-1, 1, 1}) - middle, (number < count.unsqueeze(1)).unsqueeze(1), count};
}

/// The two cells beside each position, and their weights.
struct Between {
  torch::Tensor low, high, low_weight, high_weight;
};

Between between(const torch::Tensor& position, int64_t size) {
  const auto held = position.clamp(0, static_cast<double>(size - 1));
  const auto low = held.floor();
  const auto part = held - low;
  return {low.to(at::kLong), (low + 1).clamp_max(static_cast<double>(size - 1)).to(at::kLong), 1 - part, part};
}

}  // namespace

torch::Tensor roi_align_by_tensors(const torch::Tensor& features, const torch::Tensor& boxes,
                                   const torch::Tensor& images, const RoiAlignOptions& options) {
  const int64_t channels = features.size(1), height = features.size(2), width = features.size(3), count = boxes.size(0);
  const bool rotated = boxes.size(1) == 5;
  const auto column = [&](int64_t i) { return boxes.select(1, i); };
  const auto wide = (rotated ? column(2) : column(2) - column(0)) * options.scale;
  const auto high = (rotated ? column(3) : column(3) - column(1)) * options.scale;
  const auto x = (rotated ? column(0) : (column(0) + column(2)) / 2) * options.scale - 0.5;
  const auto y = (rotated ? column(1) : (column(1) + column(3)) / 2) * options.scale - 0.5;
  const auto angle = rotated ? column(4) : at::zeros_like(x);
  const int64_t longest = std::max(height, width);
  const auto rows = make_axis(high, options.height, options.samples, (rotated ? longest : height) + 2);
  const auto columns = make_axis(wide, options.width, options.samples, (rotated ? longest : width) + 2);

  const auto cells = features.permute({0, 2, 3, 1}).reshape({-1, channels});
  const auto first = (images.to(at::kLong) * (height * width)).view({-1, 1, 1});
  const auto spread = [](const torch::Tensor& value) { return value.view({-1, 1, 1}); };
  auto sum = at::zeros({count * options.height * options.width, channels}, features.options());
  for (int64_t r = 0; r < rows.from_middle.size(2); ++r) {
    for (int64_t c = 0; c < columns.from_middle.size(2); ++c) {
      const auto down = rows.from_middle.select(2, r).unsqueeze(2),
                 across = columns.from_middle.select(2, c).unsqueeze(1);
      const auto at_x = spread(x) + across * spread(angle.cos()) - down * spread(angle.sin());
      const auto at_y = spread(y) + across * spread(angle.sin()) + down * spread(angle.cos());
      const auto counts = (at_x >= -1)
                              .logical_and(at_x <= width)
                              .logical_and(at_y >= -1)
                              .logical_and(at_y <= height)
                              .logical_and(rows.counted.select(2, r).unsqueeze(2))
                              .logical_and(columns.counted.select(2, c).unsqueeze(1));
      const auto beside = between(at_x.nan_to_num(0), width), below = between(at_y.nan_to_num(0), height);
      const auto add = [&](const torch::Tensor& row, const torch::Tensor& place, const torch::Tensor& weight) {
        const auto taken = cells.index_select(0, (first + row * width + place).reshape(-1));
        sum = sum + taken * at::where(counts, weight, 0).reshape({-1, 1}).to(features.scalar_type());
      };
      add(below.low, beside.low, below.low_weight * beside.low_weight);
      add(below.low, beside.high, below.low_weight * beside.high_weight);
      add(below.high, beside.low, below.high_weight * beside.low_weight);
      add(below.high, beside.high, below.high_weight * beside.high_weight);
    }
  }
  const auto samples = (rows.count * columns.count).clamp_min(1).view({-1, 1, 1, 1}).to(features.scalar_type());
  return sum.view({count, options.height, options.width, channels}).permute({0, 3, 1, 2}) / samples;
}

}  // namespace skysense
