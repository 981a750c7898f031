#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/types.h>

#include <array>
#include <optional>

#include "core/modality.h"
#include "model/backbone_stage.h"
#include "model/forward_options.h"
#include "model/options.h"

namespace skysense {

struct BackboneOutput {
  std::array<torch::Tensor, kStages> stages;  ///< [B, h, w, stage_dim(i)], each after its LayerNorm
  torch::Tensor balance;  ///< [blocks with experts, 2, M] as BlockOutput has it; undefined without experts
};

/// The unified backbone of four stages, shared by all modalities: SwinV2 blocks in stages 1 and 2, global attention in
/// stages 3 and 4, adaptive patch merging between them, a learned position embedding before stage 3, modality prompts
/// in stages 3 and 4. Paper: sec. 3.1; DESIGN 3 for the position embedding.
class BackboneImpl : public torch::nn::Module {
 public:
  /// Throws UsageError for sizes that ModelOptions::check refuses.
  explicit BackboneImpl(const ModelOptions& options);
  /// tokens [B, h, w, C] from the modality's tokenizer, any h, w >= 1.
  BackboneOutput forward(const torch::Tensor& tokens, Modality modality, const ForwardOptions& options = {});
  const ModelOptions& options() const { return options_; }

 private:
  torch::Tensor position(int64_t height, int64_t width) const;

  const ModelOptions options_;
  torch::Tensor position_;  // [G, G, 4C]
  torch::nn::ModuleList stages_;
};
TORCH_MODULE(Backbone);

}  // namespace skysense
