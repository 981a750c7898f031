#include "model/position_bias.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/sigmoid.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/linear.h>

#include <cmath>

#include "model/autocast.h"

namespace skysense {
namespace {

constexpr int64_t kHidden = 512;
constexpr double kLargestBias = 16.0;
constexpr double kOffsetScale = 8.0;  // the largest offset before the logarithm

torch::Tensor log_scaled_offsets(int64_t window) {
  const int64_t side = 2 * window - 1;
  auto offsets = at::empty({side * side, 2}, at::kFloat);
  const auto scaled = [&](int64_t offset) {
    const double relative = kOffsetScale * static_cast<double>(offset) / static_cast<double>(window - 1);
    return static_cast<float>(std::copysign(std::log2(std::abs(relative) + 1.0) / std::log2(kOffsetScale), relative));
  };
  auto* values = offsets.data_ptr<float>();
  for (int64_t y = 1 - window; y < window; ++y) {
    for (int64_t x = 1 - window; x < window; ++x) {
      *values++ = scaled(y);
      *values++ = scaled(x);
    }
  }
  return offsets;
}

/// [N * N] int64: the row of the offset table for each pair of tokens, query first.
torch::Tensor offset_rows(int64_t height, int64_t width, int64_t window) {
  const int64_t tokens = height * width;
  auto rows = at::empty({tokens * tokens}, at::kLong);
  auto* row = rows.data_ptr<int64_t>();
  for (int64_t query = 0; query < tokens; ++query) {
    for (int64_t key = 0; key < tokens; ++key) {
      const int64_t y = query / width - key / width + window - 1, x = query % width - key % width + window - 1;
      *row++ = y * (2 * window - 1) + x;
    }
  }
  return rows;
}

}  // namespace

torch::nn::Sequential make_position_bias_mlp(int64_t heads) {
  return torch::nn::Sequential(torch::nn::Linear(2, kHidden), torch::nn::ReLU(),
                               torch::nn::Linear(torch::nn::LinearOptions(kHidden, heads).bias(false)));
}

PositionBias::PositionBias(torch::nn::Sequential mlp, int64_t heads, int64_t window)
    : mlp_(std::move(mlp)), heads_(heads), window_(window), offsets_(log_scaled_offsets(window)) {}

torch::Tensor PositionBias::compute(int64_t window_height, int64_t window_width, torch::Device device) {
  const AutocastScope full_precision(device.type(), at::kFloat);
  const int64_t tokens = window_height * window_width;
  const auto table = kLargestBias * at::sigmoid(mlp_->forward(offsets_.to(device)));  // [offsets, heads]
  const auto rows = offset_rows(window_height, window_width, window_).to(device);
  return table.index_select(0, rows).view({tokens, tokens, heads_}).permute({2, 0, 1}).contiguous();
}

torch::Tensor PositionBias::operator()(int64_t window_height, int64_t window_width) {
  std::vector<std::pair<const void*, uint32_t>> weights;
  for (const auto& weight : mlp_->parameters()) {
    if (weight.requires_grad() && at::GradMode::is_enabled())
      return compute(window_height, window_width, weight.device());
    weights.emplace_back(weight.const_data_ptr(), weight._version());
  }
  const std::lock_guard lock(mutex_);
  auto& known = remembered_[{window_height, window_width}];
  if (known.weights != weights) {
    known.bias = compute(window_height, window_width, mlp_->parameters()[0].device());
    known.weights = std::move(weights);
  }
  return known.bias;
}

}  // namespace skysense
