#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/normalization.h>
#include <torch/types.h>

namespace skysense {

/// The normalisation in the heads. Batch normalisation is mmsegmentation's and BIT's; its statistics in training are
/// those of the process's own micro-batch, and it cannot train on a single value a channel. Group normalisation
/// (Wu & He 2018, arXiv 1803.08494) knows no batch: for batches of one or two images a process.
enum class HeadNorm { kBatch, kGroup };

struct ConvBlockOptions {
  int64_t inputs;      ///< channels
  int64_t outputs;     ///< channels
  int64_t kernel = 1;  ///< side, odd; the map keeps its size
  HeadNorm norm = HeadNorm::kBatch;
};

/// Convolution without bias, normalisation, ReLU (mmsegmentation's ConvModule with its defaults). Groups are 32, or the
/// largest divisor of 32 that divides the channels, of two channels at least: one alone is 0 wherever the map is a
/// single value, as pooled ones are, and ReLU then passes what rounding decides. In evaluation without gradients batch
/// normalisation is folded into the convolution, which is Winograd's where that is faster: the same up to rounding.
class ConvBlockImpl : public torch::nn::Module {
 public:
  explicit ConvBlockImpl(const ConvBlockOptions& options);
  /// map [B, inputs, H, W] -> [B, outputs, H, W]. Throws UsageError where batch normalisation would learn from a single
  /// value a channel.
  torch::Tensor forward(const torch::Tensor& map);

 private:
  torch::Tensor apply_folded(const torch::Tensor& map);

  torch::nn::Conv2d conv_;
  torch::nn::BatchNorm2d batch_norm_{nullptr};  // one of the two, under the name norm
  torch::nn::GroupNorm group_norm_{nullptr};
};
TORCH_MODULE(ConvBlock);

/// The 1x1 convolution with bias that ends a head: [B, inputs, H, W] -> logits [B, outputs, H, W].
torch::nn::Conv2d make_classifier(int64_t inputs, int64_t outputs);

/// map [B, C, h, w] on another grid over the same ground, bilinear between cell centres -> [B, C, height, width].
torch::Tensor resize_map(const torch::Tensor& map, int64_t height, int64_t width);

}  // namespace skysense
