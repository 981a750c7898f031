#include "heads/uper_net.h"

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/cat.h>

#include "heads/channel_dropout.h"

namespace skysense {
namespace {

constexpr int64_t kKernel = 3;

ConvBlock make_block(const UperNetOptions& options, int64_t inputs, int64_t kernel) {
  return ConvBlock(
      ConvBlockOptions{.inputs = inputs, .outputs = options.channels, .kernel = kernel, .norm = options.norm});
}

int64_t count(const std::vector<int64_t>& items) { return static_cast<int64_t>(items.size()); }

const UperNetOptions& checked(const UperNetOptions& options) {
  TORCH_CHECK_VALUE(options.inputs.size() >= 2, "UperNet wants two levels or more, got ", options.inputs.size());
  return options;
}

torch::Tensor run(torch::nn::Module& block, const torch::Tensor& map) {
  return block.as<ConvBlockImpl>()->forward(map);
}

torch::Tensor resize_like(const torch::Tensor& map, const torch::Tensor& other) {
  return resize_map(map, other.size(2), other.size(3));
}

}  // namespace

UperNetImpl::UperNetImpl(const UperNetOptions& options)
    : options_(checked(options)),
      pooling_(register_module("pooling", torch::nn::ModuleList())),
      bottleneck_(register_module(
          "bottleneck",
          make_block(options, options.inputs.back() + count(options.pool_scales) * options.channels, kKernel))),
      lateral_convs_(register_module("lateral_convs", torch::nn::ModuleList())),
      fpn_convs_(register_module("fpn_convs", torch::nn::ModuleList())),
      fpn_bottleneck_(
          register_module("fpn_bottleneck", make_block(options, count(options.inputs) * options.channels, kKernel))),
      classifier_(register_module("classifier", make_classifier(options.channels, options.classes))) {
  for (size_t scale = 0; scale < options.pool_scales.size(); ++scale)
    pooling_->push_back(make_block(options, options.inputs.back(), 1));
  for (size_t level = 0; level + 1 < options.inputs.size(); ++level) {
    lateral_convs_->push_back(make_block(options, options.inputs[level], 1));
    fpn_convs_->push_back(make_block(options, options.channels, kKernel));
  }
}

torch::Tensor UperNetImpl::pool(const torch::Tensor& top) {
  std::vector<torch::Tensor> parts = {top};
  for (size_t i = 0; i < options_.pool_scales.size(); ++i) {
    const int64_t scale = options_.pool_scales[i];
    parts.push_back(resize_like(run(*pooling_[i], at::adaptive_avg_pool2d(top, {scale, scale})), top));
  }
  return bottleneck_(at::cat(parts, 1));
}

torch::Tensor UperNetImpl::forward(const std::vector<torch::Tensor>& levels, const std::optional<RowKeys>& keys) {
  TORCH_CHECK_VALUE(levels.size() == options_.inputs.size(), "UperNet wants ", options_.inputs.size(), " levels, got ",
                    levels.size());
  const size_t top = levels.size() - 1;
  std::vector<torch::Tensor> pyramid(levels.size());
  pyramid[top] = pool(levels[top]);
  for (size_t i = top; i-- > 0;) {
    const auto lateral = run(*lateral_convs_[i], levels[i]);
    pyramid[i] = lateral + resize_like(pyramid[i + 1], lateral);
  }
  for (size_t i = 0; i < top; ++i) pyramid[i] = run(*fpn_convs_[i], pyramid[i]);
  for (size_t i = 1; i <= top; ++i) pyramid[i] = resize_like(pyramid[i], pyramid[0]);
  const auto fused = fpn_bottleneck_(at::cat(pyramid, 1));
  return classifier_(drop_channels(fused, is_training() ? options_.dropout : 0, keys));
}

}  // namespace skysense
