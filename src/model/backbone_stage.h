#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/normalization.h>
#include <torch/types.h>

#include "core/modality.h"
#include "model/block_output.h"
#include "model/modality_prompts.h"
#include "model/options.h"
#include "model/patch_merging.h"

namespace skysense {

/// One stage of the backbone: patch merging (not in stage 1), blocks of one kind, modality prompts (stages of global
/// attention), and the LayerNorm of its output.
class BackboneStageImpl : public torch::nn::Module {
 public:
  /// `stage` 0 to 3 of a backbone of these options, which have been checked.
  BackboneStageImpl(const ModelOptions& options, int stage);
  /// grid [B, h, w, c] of the stage before -> [B, h', w', stage_dim]; the first stage returns the grid.
  torch::Tensor merge(const torch::Tensor& grid, bool subsample);
  /// grid [B, h, w, stage_dim] through the blocks; the balance [blocks with experts, 2, M], undefined without.
  /// branch_scales [blocks, 2, B] of drop path (draw_branch_scales), or undefined.
  BlockOutput forward(const torch::Tensor& grid, Modality modality, bool with_prompts,
                      const torch::Tensor& branch_scales);
  /// The stage's LayerNorm, for what leaves the backbone.
  torch::Tensor normalise(const torch::Tensor& grid) { return norm_(grid); }

 private:
  BlockOutput run_block(torch::nn::Module& block, const torch::Tensor& tokens, const torch::Tensor& branch_scales);

  const bool global_attention_, checkpointing_;
  PatchMerging merging_{nullptr};
  ModalityPrompts prompts_{nullptr};
  torch::nn::ModuleList blocks_;
  torch::nn::LayerNorm norm_;
};
TORCH_MODULE(BackboneStage);

}  // namespace skysense
