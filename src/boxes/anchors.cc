#include "boxes/anchors.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/meshgrid.h>
#include <ATen/ops/stack.h>

#include <cmath>

namespace skysense {

int64_t anchors_a_cell(const AnchorOptions& options) {
  return static_cast<int64_t>(options.sizes.size() * options.ratios.size());
}

torch::Tensor make_anchors(int64_t height, int64_t width, const AnchorOptions& options, torch::Device device) {
  TORCH_CHECK_VALUE(height >= 0 && width >= 0 && options.stride > 0, "anchors: a map of ", height, " x ", width,
                    " cells of ", options.stride, " pixels");
  const auto sizes = torch::tensor(options.sizes, at::kFloat), ratios = torch::tensor(options.ratios, at::kFloat);
  const auto factor = ratios.sqrt().unsqueeze(1);
  const auto heights = (factor * sizes).view(-1), widths = ((1 / factor) * sizes).view(-1);
  auto around = at::stack({-widths, -heights, widths, heights}, 1) / 2;
  if (options.rounded) around = around.round();
  const auto numbers = torch::TensorOptions(at::kFloat).device(device);
  const auto y = (at::arange(height, numbers) * options.stride).view({-1, 1, 1, 1}).expand({height, width, 1, 1}),
             x = (at::arange(width, numbers) * options.stride).view({1, -1, 1, 1}).expand({height, width, 1, 1});
  const auto corners = at::stack({x, y, x, y}, 3).squeeze(-1);  // [H, W, 1 of x, 4]
  return (corners.view({height, width, 1, 4}) + around.to(device)).view({-1, 4});
}

}  // namespace skysense
