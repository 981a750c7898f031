#include "model/patch_merging.h"

#include <ATen/ops/constant_pad_nd.h>

#include "model/linear.h"

namespace skysense {

PatchMergingImpl::PatchMergingImpl(int64_t dim)
    : dim_(dim),
      reduction_(
          register_module("reduction", torch::nn::Linear(torch::nn::LinearOptions(4 * dim, 2 * dim).bias(false)))),
      norm_(register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({2 * dim})))) {}

torch::Tensor PatchMergingImpl::forward(const torch::Tensor& grid, bool subsample) {
  if (!subsample) return norm_(apply_linear(grid, reduction_->weight.view({2 * dim_, 4, dim_}).mean(1)));
  const int64_t batch = grid.size(0), rows = (grid.size(1) + 1) / 2, columns = (grid.size(2) + 1) / 2;
  const auto even = at::constant_pad_nd(grid, {0, 0, 0, grid.size(2) % 2, 0, grid.size(1) % 2});
  const auto groups = even.view({batch, rows, 2, columns, 2, dim_}).permute({0, 1, 3, 4, 2, 5}).flatten(3);
  return norm_(apply_linear(groups, reduction_->weight));
}

}  // namespace skysense
