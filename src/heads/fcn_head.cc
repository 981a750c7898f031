#include "heads/fcn_head.h"

#include <ATen/ops/cat.h>

#include "heads/channel_dropout.h"

namespace skysense {
namespace {

constexpr int64_t kKernel = 3;

torch::nn::ModuleList make_convolutions(const FcnHeadOptions& options) {
  TORCH_CHECK_VALUE(options.convolutions >= 1, "an FCN head wants a convolution, got ", options.convolutions);
  torch::nn::ModuleList blocks;
  for (int64_t i = 0; i < options.convolutions; ++i) {
    blocks->push_back(ConvBlock(ConvBlockOptions{.inputs = i == 0 ? options.inputs : options.channels,
                                                 .outputs = options.channels,
                                                 .kernel = kKernel,
                                                 .norm = options.norm}));
  }
  return blocks;
}

}  // namespace

FcnHeadImpl::FcnHeadImpl(const FcnHeadOptions& options)
    : dropout_(options.dropout),
      convs_(register_module("convs", make_convolutions(options))),
      classifier_(register_module("classifier", make_classifier(options.channels, options.classes))) {
  if (options.join_input) {
    conv_cat_ = register_module("conv_cat", ConvBlock(ConvBlockOptions{.inputs = options.inputs + options.channels,
                                                                       .outputs = options.channels,
                                                                       .kernel = kKernel,
                                                                       .norm = options.norm}));
  }
}

torch::Tensor FcnHeadImpl::forward(const torch::Tensor& map, const std::optional<RowKeys>& keys) {
  auto x = map;
  for (const auto& block : *convs_) x = block->as<ConvBlockImpl>()->forward(x);
  if (conv_cat_) x = conv_cat_(at::cat({map, x}, 1));
  return classifier_(drop_channels(x, is_training() ? dropout_ : 0, keys));
}

}  // namespace skysense
