#include "model/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/error.h"

namespace skysense {
namespace {

void require(bool holds, const std::string& message) {
  if (!holds) throw UsageError(message);
}

}  // namespace

void MoeOptions::describe(OptionFields& fields) {
  fields("experts", experts, "experts in each block with experts; 0 is none").at_least(0);
  fields("top_k", top_k, "experts that each token uses").at_least(1);
  fields("blocks", blocks, "blocks with experts, counted from 0 over all stages; empty is the last `count`")
      .at_least(0);
  fields("count", count, "blocks with experts where none are named").at_least(1);
  fields("evenly", evenly, "spread these evenly over all stages instead of taking the last ones");
}

void ModelOptions::describe(OptionFields& fields) {
  fields("dim", dim, "width of stage 1; each later stage doubles it").at_least(1);
  fields("depths", depths, "blocks of the four stages").at_least(1);
  fields("head_width", head_width, "channels of one attention head").at_least(1);
  fields("window", window, "side of a SwinV2 window in tokens").at_least(2);
  fields("mlp_ratio", mlp_ratio, "hidden width of an MLP over its width").at_least(1);
  fields("prompts", prompts, "prompt tokens of each modality in stages 3 and 4; 0 is none").at_least(0);
  fields("prompt_projection", prompt_projection, "project the prompts by a matrix shared by the modalities");
  fields("separate_backbones", separate_backbones, "a backbone of its own for each modality in place of a shared one");
  fields("global_attention", global_attention, "global attention in stages 3 and 4; false is SwinV2 blocks there too");
  fields("position_grid", position_grid, "side of the learned position embedding before stage 3").at_least(1);
  fields.group("moe", moe);
  fields.group("patch_merging", patch_merging);
  fields("drop_path", drop_path, "drop-path rate of the backbone's last block").between(0, 0.99);
  fields("fusion_drop_path", fusion_drop_path, "drop-path rate of the fusion encoder's last layer").between(0, 0.99);
  fields("fusion_layers", fusion_layers, "layers of the fusion encoder").at_least(1);
  fields("fusion_dim", fusion_dim, "width of the fused features").at_least(1);
  fields("fusion_chunk", fusion_chunk, "grid cells that the fusion encoder takes at once; bounds its memory")
      .at_least(1);
  fields("activation_checkpointing", activation_checkpointing, "recompute blocks in the backward pass to save memory");
}

void ModelOptions::check() const {
  require(depths.size() == kStages, fmt::format("model.depths: expected {} numbers, got {}", kStages, depths.size()));
  require(dim % head_width == 0,
          fmt::format("model.dim: {} is not a multiple of model.head_width {}", dim, head_width));
  require(fusion_dim % kFusionHeadWidth == 0,
          fmt::format("model.fusion_dim: {} is not a multiple of {}", fusion_dim, kFusionHeadWidth));
  if (moe.experts == 0) return;
  require(moe.top_k <= moe.experts,
          fmt::format("model.moe.top_k: {} exceeds model.moe.experts {}", moe.top_k, moe.experts));
  for (const int64_t block : moe.blocks) {
    require(block < block_count(),
            fmt::format("model.moe.blocks: {} of a backbone with blocks 0 to {}", block, block_count() - 1));
  }
}

int64_t ModelOptions::block_count() const { return std::accumulate(depths.begin(), depths.end(), int64_t{0}); }

std::vector<int64_t> ModelOptions::expert_blocks() const {
  if (moe.experts == 0) return {};
  if (!moe.blocks.empty()) return moe.blocks;
  const int64_t all = block_count(), count = std::min(moe.count, all);
  std::vector<int64_t> blocks;
  for (int64_t i = 0; i < count; ++i) blocks.push_back(moe.evenly ? all * (i + 1) / count - 1 : all - count + i);
  return blocks;
}

}  // namespace skysense
