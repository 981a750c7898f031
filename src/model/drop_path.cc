#include "model/drop_path.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "core/random.h"

namespace skysense {

torch::Tensor draw_branch_scales(const std::vector<double>& rates, const std::optional<RowKeys>& keys, int64_t rows,
                                 torch::Device device) {
  if (std::ranges::all_of(rates, [](double rate) { return rate == 0; })) return {};
  TORCH_CHECK_VALUE(keys && static_cast<int64_t>(keys->size()) == rows, "drop path needs a key for each of ", rows,
                    " rows in training, got ", keys ? static_cast<int64_t>(keys->size()) : 0);
  const auto blocks = static_cast<int64_t>(rates.size());
  auto scales = at::empty({blocks, 2, rows}, at::kFloat);
  float* scale = scales.mutable_data_ptr<float>();
  for (int64_t branch = 0; branch < 2 * blocks; ++branch) {
    const double rate = rates[static_cast<size_t>(branch / 2)];
    const auto kept = static_cast<float>(1 / (1 - rate));
    for (const uint64_t key : *keys) {
      const double draw = RandomStream(mix(key, static_cast<uint64_t>(branch))).uniform();
      *scale++ = draw >= rate ? kept : 0.0F;
    }
  }
  return scales.to(device, /*non_blocking=*/true);
}

std::vector<double> linear_rates(double last, int64_t blocks) {
  std::vector<double> rates(static_cast<size_t>(blocks), last);
  for (int64_t i = 0; i + 1 < blocks; ++i)
    rates[static_cast<size_t>(i)] = last * static_cast<double>(i) / static_cast<double>(blocks - 1);
  return rates;
}

torch::Tensor add_branch(const torch::Tensor& x, torch::Tensor branch, const torch::Tensor& scale) {
  if (scale.defined()) {
    std::vector<int64_t> shape(static_cast<size_t>(branch.dim()), 1);
    shape[0] = branch.size(0);
    return x + branch * scale.to(branch.scalar_type()).view(shape);
  }
  const bool reusable = !at::GradMode::is_enabled() && branch.scalar_type() == x.scalar_type();
  return reusable ? branch.add_(x) : x + branch;
}

torch::Tensor branch_scale(const torch::Tensor& block_scales, int64_t branch) {
  return block_scales.defined() ? block_scales.select(0, branch) : block_scales;
}

}  // namespace skysense
