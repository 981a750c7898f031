#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/conv.h>
#include <torch/types.h>

#include <vector>

#include "heads/conv_block.h"

namespace skysense {

struct UNetHeadOptions {
  std::vector<int64_t> inputs;  ///< channels of each level, finest first
  int64_t classes = 1;
  std::vector<int64_t> channels = {256, 128, 64, 32};  ///< of the decoder's blocks, coarsest first (U-Net halves)
  HeadNorm norm = HeadNorm::kBatch;
};

/// Change between two dates by a Siamese U-Net: both dates go through the same backbone, and the decoder of a U-Net
/// (Ronneberger et al. 2015) goes from the coarsest absolute difference to the finest, joining each on the way. Without
/// order: it does not matter which date is the first. Paper App. D.3 and Table 6 (OSCD), after SeCo (arXiv 2103.16607)
/// and the Siamese difference of Daudt et al. 2018 (arXiv 1810.08462).
///
/// One block a level, each on the grid of its level (levels may have equal grids): two 3x3 convolutions over what comes
/// from below, enlarged, and the level's difference. Modules: blocks.<n>.0 and .1, classifier.
class UNetHeadImpl : public torch::nn::Module {
 public:
  /// Throws c10::ValueError where `channels` has not one number a level.
  explicit UNetHeadImpl(const UNetHeadOptions& options);
  /// Levels of the two dates, [B, inputs(i), h_i, w_i] each -> logits [B, classes, h_0, w_0].
  /// Throws c10::ValueError for another number of levels.
  torch::Tensor forward(const std::vector<torch::Tensor>& before, const std::vector<torch::Tensor>& after);

 private:
  torch::nn::ModuleList blocks_;
  torch::nn::Conv2d classifier_;
};
TORCH_MODULE(UNetHead);

}  // namespace skysense
