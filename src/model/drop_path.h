#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace skysense {

/// A number for each row of a batch. What drop path draws for a row follows from its number, the block and the branch
/// alone: neither from the rows beside it nor from the process that has it, and it is the same when a block runs again.
using RowKeys = std::vector<uint64_t>;

/// Stochastic depth: each row's branches are left out with the block's rate, and scaled by 1 / (1 - rate) otherwise.
/// `rates`, one a block; `keys`, one a row -> the factors [blocks, 2, rows] float32 on `device`, or an undefined tensor
/// where every rate is 0. Throws c10::ValueError for a rate above 0 without `rows` keys: randomness is always explicit.
/// Source: Huang et al. 2016; per sample as in timm's DropPath.
torch::Tensor draw_branch_scales(const std::vector<double>& rates, const std::optional<RowKeys>& keys, int64_t rows,
                                 torch::Device device);

/// The rates of `blocks` blocks, growing linearly from 0 to `last` (a single block has `last`).
std::vector<double> linear_rates(double last, int64_t blocks);

/// The residual sum x + scale * branch, [B, ...]; `scale` [B] is drop path's or undefined. `branch` is the caller's own
/// temporary: without gradients it is reused.
torch::Tensor add_branch(const torch::Tensor& x, torch::Tensor branch, const torch::Tensor& scale);
/// Factor of branch 0 or 1 from a block's [2, B], or undefined.
torch::Tensor branch_scale(const torch::Tensor& block_scales, int64_t branch);

}  // namespace skysense
