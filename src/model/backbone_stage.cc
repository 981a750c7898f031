#include "model/backbone_stage.h"

#include <ATen/ops/stack.h>

#include <algorithm>

#include "model/checkpointing.h"
#include "model/swin_block.h"
#include "model/transformer_block.h"

namespace skysense {
namespace {

constexpr int kFirstGlobalStage = 2;

bool attends_globally(const ModelOptions& options, int stage) {
  return options.global_attention && stage >= kFirstGlobalStage;
}

/// Block `block` of the stage, `index` of the whole backbone.
std::shared_ptr<torch::nn::Module> make_block(const ModelOptions& options, int stage, int64_t block, int64_t index) {
  const int64_t dim = options.stage_dim(stage), heads = dim / options.head_width;
  const auto with_experts = options.expert_blocks();
  const int64_t experts =
      std::find(with_experts.begin(), with_experts.end(), index) == with_experts.end() ? 0 : options.moe.experts;
  if (attends_globally(options, stage)) {
    return TransformerBlock(TransformerBlockOptions{.dim = dim,
                                                    .heads = heads,
                                                    .mlp_ratio = options.mlp_ratio,
                                                    .experts = experts,
                                                    .top_k = options.moe.top_k})
        .ptr();
  }
  return SwinBlock(SwinBlockOptions{.dim = dim,
                                    .heads = heads,
                                    .window = options.window,
                                    .shift = block % 2 == 0 ? 0 : options.window / 2,
                                    .mlp_ratio = options.mlp_ratio,
                                    .experts = experts,
                                    .top_k = options.moe.top_k})
      .ptr();
}

torch::nn::ModuleList make_blocks(const ModelOptions& options, int stage) {
  int64_t index = 0;
  for (int earlier = 0; earlier < stage; ++earlier) index += options.depths[earlier];
  torch::nn::ModuleList blocks;
  for (int64_t block = 0; block < options.depths[stage]; ++block)
    blocks->push_back(make_block(options, stage, block, index + block));
  return blocks;
}

}  // namespace

BackboneStageImpl::BackboneStageImpl(const ModelOptions& options, int stage)
    : global_attention_(attends_globally(options, stage)),
      checkpointing_(options.activation_checkpointing),
      blocks_(make_blocks(options, stage)),
      norm_(torch::nn::LayerNormOptions({options.stage_dim(stage)})) {
  if (stage > 0) merging_ = register_module("merging", PatchMerging(options.stage_dim(stage - 1)));
  if (global_attention_ && options.prompts > 0) {
    prompts_ = register_module("prompts",
                               ModalityPrompts(options.prompts, options.stage_dim(stage), options.prompt_projection));
  }
  register_module("blocks", blocks_);
  register_module("norm", norm_);
}

torch::Tensor BackboneStageImpl::merge(const torch::Tensor& grid, bool subsample) {
  return merging_ ? merging_(grid, subsample) : grid;
}

BlockOutput BackboneStageImpl::forward(const torch::Tensor& grid, Modality modality, bool with_prompts,
                                       const torch::Tensor& branch_scales) {
  const bool prompted = prompts_ && with_prompts;
  auto tokens = global_attention_ ? grid.flatten(1, 2) : grid;
  if (prompted) tokens = prompts_->add(tokens, modality);
  std::vector<torch::Tensor> balances;
  for (size_t block = 0; block < blocks_->size(); ++block) {
    const auto output = run_block(*blocks_[block], tokens,
                                  branch_scales.defined() ? branch_scales[static_cast<int64_t>(block)] : branch_scales);
    tokens = output.tokens;
    if (output.balance.defined()) balances.push_back(output.balance);
  }
  if (prompted) tokens = prompts_->drop(tokens);
  return {tokens.reshape(grid.sizes()), balances.empty() ? torch::Tensor() : at::stack(balances)};
}

BlockOutput BackboneStageImpl::run_block(torch::nn::Module& block, const torch::Tensor& tokens,
                                         const torch::Tensor& branch_scales) {
  // By value: the backward pass may run it again.
  const RunBlock run = [&block, global = global_attention_, branch_scales](const torch::Tensor& input) {
    return global ? block.as<TransformerBlockImpl>()->forward(input, branch_scales)
                  : block.as<SwinBlockImpl>()->forward(input, branch_scales);
  };
  if (!checkpointing_ || !is_training()) return run(tokens);
  return run_checkpointed(run, tokens, block.parameters());
}

}  // namespace skysense
