#include "heads/u_net_head.h"

#include <ATen/ops/cat.h>

namespace skysense {
namespace {

torch::nn::ModuleList make_blocks(const UNetHeadOptions& options) {
  const size_t levels = options.inputs.size();
  TORCH_CHECK_VALUE(levels > 0 && options.channels.size() == levels, "a U-Net of ", levels,
                    " levels wants as many decoder widths, got ", options.channels.size());
  torch::nn::ModuleList blocks;
  int64_t below = 0;
  for (size_t i = 0; i < levels; ++i) {
    const int64_t outputs = options.channels[i];
    torch::nn::ModuleList block;
    for (const int64_t inputs : {below + options.inputs[levels - 1 - i], outputs}) {
      block->push_back(
          ConvBlock(ConvBlockOptions{.inputs = inputs, .outputs = outputs, .kernel = 3, .norm = options.norm}));
    }
    blocks->push_back(block);
    below = outputs;
  }
  return blocks;
}

}  // namespace

UNetHeadImpl::UNetHeadImpl(const UNetHeadOptions& options)
    : blocks_(register_module("blocks", make_blocks(options))),
      classifier_(register_module("classifier", make_classifier(options.channels.back(), options.classes))) {}

torch::Tensor UNetHeadImpl::forward(const std::vector<torch::Tensor>& before, const std::vector<torch::Tensor>& after) {
  const size_t levels = blocks_->size();
  TORCH_CHECK_VALUE(before.size() == levels && after.size() == levels, "the U-Net wants ", levels, " levels, got ",
                    before.size(), " and ", after.size());
  torch::Tensor x;
  for (size_t i = 0; i < levels; ++i) {
    auto joined = (before[levels - 1 - i] - after[levels - 1 - i]).abs();
    if (x.defined()) joined = at::cat({resize_map(x, joined.size(2), joined.size(3)), joined}, 1);
    x = joined;
    for (const auto& conv : *blocks_[i]->as<torch::nn::ModuleListImpl>()) x = conv->as<ConvBlockImpl>()->forward(x);
  }
  return classifier_(x);
}

}  // namespace skysense
