#pragma once

#include <ATen/core/Generator.h>
#include <torch/types.h>

#include <optional>

namespace skysense {

/// Stochastic depth: drops the branch of whole samples with probability `rate` and scales the others by 1 / (1 - rate).
/// branch [B, ...] of any float dtype. The draw is made on the generator's device, so that a CPU generator gives the
/// same draw whatever the branch's device. A rate of 0 returns the branch. Throws c10::ValueError where rate > 0 and
/// there is no generator: randomness is always explicit.
/// Source: Huang et al. 2016; per sample as in timm's DropPath.
torch::Tensor drop_path(const torch::Tensor& branch, double rate, const std::optional<at::Generator>& generator);

/// The residual sum x + drop_path(branch). `branch` is the caller's own temporary: without gradients it is reused.
torch::Tensor add_branch(const torch::Tensor& x, torch::Tensor branch, double rate,
                         const std::optional<at::Generator>& generator);

}  // namespace skysense
