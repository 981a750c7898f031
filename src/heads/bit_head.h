#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/conv.h>
#include <torch/types.h>

#include <vector>

#include "heads/conv_block.h"

namespace skysense {

/// Defaults are BIT's own.
struct BitHeadOptions {
  std::vector<int64_t> inputs;  ///< channels of each level, finest first
  int64_t classes = 2;
  int64_t dim = 32;    ///< channels C of tokens and pixels
  int64_t tokens = 4;  ///< semantic tokens L of each date
  int64_t encoder_layers = 1;
  int64_t decoder_layers = 8;
  int64_t heads = 8;
  int64_t encoder_head_width = 64;
  int64_t decoder_head_width = 8;
  int64_t hidden = 64;  ///< of the MLPs
  HeadNorm norm = HeadNorm::kBatch;
};

/// Change between two dates by the bitemporal image transformer (Chen et al. 2021, arXiv 2103.00208; paper App. D.3 and
/// Table 6, LEVIR-CD): each date's map gives L semantic tokens, an encoder relates the tokens of both dates, a decoder
/// refines each date's pixels with its tokens, and convolutions classify the absolute difference, enlarged.
///
/// BIT's ResNet ends in one map; here each level goes through a 1x1 convolution to C channels and their sum on the
/// first level's grid takes that map's place, so that fine levels count as well. As in BIT the 3x3 convolution that
/// gives C channels follows. Sizes are those of the authors' published LEVIR-CD network (decoder heads of width 8);
/// positions start near 0 (deviation 0.02), theirs with deviation 1. Modules: lateral_convs.<n>, reduce,
/// token_attention, position_embedding, encoder.<n>, decoder.<n>, change_conv, classifier.
class BitHeadImpl : public torch::nn::Module {
 public:
  explicit BitHeadImpl(const BitHeadOptions& options);
  /// Levels of the two dates, [B, inputs(i), h_i, w_i] each -> logits [B, classes, height, width].
  /// Throws c10::ValueError for another number of levels.
  torch::Tensor forward(const std::vector<torch::Tensor>& before, const std::vector<torch::Tensor>& after,
                        int64_t height, int64_t width);

 private:
  torch::Tensor reduce(const std::vector<torch::Tensor>& levels);
  torch::Tensor tokens_of(const torch::Tensor& map);
  torch::Tensor decode(const torch::Tensor& map, const torch::Tensor& tokens);

  torch::nn::ModuleList lateral_convs_;
  torch::nn::Conv2d reduce_, token_attention_;
  torch::Tensor position_embedding_;  // [2L, C]
  torch::nn::ModuleList encoder_, decoder_;
  ConvBlock change_conv_;
  torch::nn::Conv2d classifier_;
};
TORCH_MODULE(BitHead);

}  // namespace skysense
