#include "model/up_head.h"

#include <c10/core/GradMode.h>

namespace skysense {

UpHeadImpl::UpHeadImpl(int64_t dim) : expand_(register_module("expand", Projection(dim, kFactor * kFactor * dim))) {}

void UpHeadImpl::start_as_repetition() {
  const c10::AutoGradMode no_gradient(false);
  for (torch::Tensor& parameter : expand_->parameters()) {
    auto pixels = parameter.view({-1, kFactor * kFactor, parameter.numel() / parameter.size(0)});  // [dim, 16, inputs or 1]
    pixels.copy_(pixels.narrow(1, 0, 1).clone().expand_as(pixels));
  }
}

torch::Tensor UpHeadImpl::forward(const torch::Tensor& grid) {
  const int64_t count = grid.size(0), height = grid.size(1), width = grid.size(2), dim = grid.size(3);
  return expand_(grid)
      .view({count, height, width, dim, kFactor, kFactor})
      .permute({0, 1, 4, 2, 5, 3})  // [N, h, 4, w, 4, dim]
      .reshape({count, kFactor * height, kFactor * width, dim});
}

}  // namespace skysense
