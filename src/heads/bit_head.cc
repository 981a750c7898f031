#include "heads/bit_head.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>

#include "heads/bit_transformer.h"

namespace skysense {
namespace {

constexpr int64_t kKernel = 3;

torch::nn::Conv2d convolution(int64_t inputs, int64_t outputs, int64_t kernel, bool bias) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(inputs, outputs, kernel).padding(kernel / 2).bias(bias));
}

torch::nn::ModuleList make_laterals(const BitHeadOptions& options) {
  torch::nn::ModuleList laterals;
  for (const int64_t inputs : options.inputs) laterals->push_back(convolution(inputs, options.dim, 1, true));
  return laterals;
}

torch::nn::ModuleList make_layers(const BitHeadOptions& options, int64_t count, int64_t head_width) {
  torch::nn::ModuleList layers;
  for (int64_t i = 0; i < count; ++i) {
    layers->push_back(BitLayer(BitLayerOptions{
        .dim = options.dim, .heads = options.heads, .head_width = head_width, .hidden = options.hidden}));
  }
  return layers;
}

}  // namespace

BitHeadImpl::BitHeadImpl(const BitHeadOptions& options)
    : lateral_convs_(register_module("lateral_convs", make_laterals(options))),
      reduce_(register_module("reduce", convolution(options.dim, options.dim, kKernel, true))),
      token_attention_(register_module("token_attention", convolution(options.dim, options.tokens, 1, false))),
      position_embedding_(register_parameter("position_embedding", at::zeros({2 * options.tokens, options.dim}))),
      encoder_(register_module("encoder", make_layers(options, options.encoder_layers, options.encoder_head_width))),
      decoder_(register_module("decoder", make_layers(options, options.decoder_layers, options.decoder_head_width))),
      change_conv_(register_module(
          "change_conv", ConvBlock(ConvBlockOptions{
                             .inputs = options.dim, .outputs = options.dim, .kernel = kKernel, .norm = options.norm}))),
      classifier_(register_module("classifier", convolution(options.dim, options.classes, kKernel, true))) {}

torch::Tensor BitHeadImpl::reduce(const std::vector<torch::Tensor>& levels) {
  TORCH_CHECK_VALUE(levels.size() == lateral_convs_->size(), "BIT wants ", lateral_convs_->size(), " levels, got ",
                    levels.size());
  torch::Tensor sum;
  for (size_t i = 0; i < levels.size(); ++i) {
    const auto part = resize_map(lateral_convs_[i]->as<torch::nn::Conv2dImpl>()->forward(levels[i]), levels[0].size(2),
                                 levels[0].size(3));
    sum = sum.defined() ? sum + part : part;
  }
  return reduce_(sum);
}

torch::Tensor BitHeadImpl::tokens_of(const torch::Tensor& map) {
  const auto share = token_attention_(map).flatten(2).softmax(-1);  // [B, L, HW]
  return at::matmul(share, map.flatten(2).transpose(1, 2));         // [B, L, C]
}

torch::Tensor BitHeadImpl::decode(const torch::Tensor& map, const torch::Tensor& tokens) {
  auto pixels = map.flatten(2).transpose(1, 2);
  for (const auto& layer : *decoder_) pixels = layer->as<BitLayerImpl>()->forward(pixels, tokens);
  return pixels.transpose(1, 2).view_as(map);
}

torch::Tensor BitHeadImpl::forward(const std::vector<torch::Tensor>& before, const std::vector<torch::Tensor>& after,
                                   int64_t height, int64_t width) {
  const auto first = reduce(before), second = reduce(after);
  auto tokens = at::cat({tokens_of(first), tokens_of(second)}, 1) + position_embedding_;
  for (const auto& layer : *encoder_) tokens = layer->as<BitLayerImpl>()->forward(tokens, tokens);
  const auto halves = tokens.chunk(2, 1);
  const auto difference = (decode(first, halves[0]) - decode(second, halves[1])).abs();
  return classifier_(change_conv_(resize_map(difference, height, width)));
}

}  // namespace skysense
