#include "heads/conv_block.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/upsample_bilinear2d.h>

#include <numeric>

#include "core/error.h"
#include "heads/winograd.h"

namespace skysense {
namespace {

int64_t groups_of(int64_t channels) {
  constexpr int64_t kGroups = 32;
  const int64_t groups = std::gcd(kGroups, channels);
  return groups == channels && channels > 1 ? channels / 2 : groups;
}

}  // namespace

ConvBlockImpl::ConvBlockImpl(const ConvBlockOptions& options)
    : conv_(register_module("conv",
                            torch::nn::Conv2d(torch::nn::Conv2dOptions(options.inputs, options.outputs, options.kernel)
                                                  .padding(options.kernel / 2)
                                                  .bias(false)))) {
  if (options.norm == HeadNorm::kBatch) {
    batch_norm_ = register_module("norm", torch::nn::BatchNorm2d(options.outputs));
  } else {
    group_norm_ = register_module(
        "norm", torch::nn::GroupNorm(torch::nn::GroupNormOptions(groups_of(options.outputs), options.outputs)));
  }
}

torch::Tensor ConvBlockImpl::forward(const torch::Tensor& map) {
  if (batch_norm_ && !batch_norm_->is_training() && !at::GradMode::is_enabled()) return apply_folded(map);
  const auto x = conv_(map);
  if (batch_norm_ && batch_norm_->is_training() && x.numel() == x.size(1)) {
    throw UsageError(
        "batch normalisation cannot learn from one image that is pooled to a single value a channel: "
        "set task.norm=group, or give each micro-batch two samples or more (train.batch_size, train.accumulate)");
  }
  return at::relu(batch_norm_ ? batch_norm_(x) : group_norm_(x));
}

torch::Tensor ConvBlockImpl::apply_folded(const torch::Tensor& map) {
  const torch::nn::BatchNorm2dImpl& norm = *batch_norm_;
  const auto scale = norm.weight * (norm.running_var + norm.options.eps()).rsqrt();
  const auto weight = conv_->weight * scale.view({-1, 1, 1, 1}), bias = norm.bias - norm.running_mean * scale;
  const int64_t border = weight.size(2) / 2;
  auto x =
      suits_winograd(map, weight) ? winograd_convolution(map, weight, bias) : at::conv2d(map, weight, bias, 1, border);
  return x.relu_();
}

torch::nn::Conv2d make_classifier(int64_t inputs, int64_t outputs) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(inputs, outputs, 1));
}

torch::Tensor resize_map(const torch::Tensor& map, int64_t height, int64_t width) {
  if (map.size(2) == height && map.size(3) == width) return map;
  return at::upsample_bilinear2d(map, {height, width}, /*align_corners=*/false);
}

}  // namespace skysense
