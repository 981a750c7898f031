#pragma once

#include <cstdint>
#include <vector>

#include "core/options.h"
#include "model/patch_merging_plan.h"

namespace skysense {

inline constexpr int64_t kFusionHeadWidth = 64;  ///< channels of one attention head of the fusion encoder, as in ViT
inline constexpr int64_t kPatch = 4;             ///< side of a tokenizer's patch in pixels (paper sec. 3.1.1)

/// Mixture of experts in chosen blocks of the backbone (paper sec. 3.1.3; Tables 14 to 17).
struct MoeOptions {
  int64_t experts = 0;          ///< experts a block, M; 0 is a plain MLP everywhere
  int64_t top_k = 1;            ///< experts that a token uses
  std::vector<int64_t> blocks;  ///< blocks with experts, counted from 0 over all stages; empty: `count` of them
  int64_t count = 6;            ///< L of sec. 3.1.3, the last L blocks; all where there are fewer (Table 15)
  bool evenly = false;          ///< these L blocks at equal steps over all stages instead, as Swin-MoE (Table 16)

  void describe(OptionFields& fields);
};

/// Sizes of the unified backbone and the fusion encoder (DESIGN 4). The defaults are preset `nano`.
struct ModelOptions {
  int64_t dim = 32;                            ///< width C of stage 1; stages 2 to 4 have 2C, 4C, 8C
  std::vector<int64_t> depths = {2, 2, 4, 2};  ///< blocks of each stage
  int64_t head_width = 32;                     ///< channels of one attention head
  int64_t window = 8;                          ///< side of a SwinV2 window in tokens
  int64_t mlp_ratio = 4;                       ///< hidden width of an MLP / width
  int64_t prompts = 4;                         ///< prompt tokens a modality in stages 3 and 4; 0 is none
  bool prompt_projection = true;    ///< one c x c projection of the prompts a stage, shared by the modalities
  bool separate_backbones = false;  ///< a whole backbone a modality, nothing shared (what Fig. 7 compares with)
  bool global_attention = true;     ///< stages 3 and 4 attend globally; false makes them SwinV2 stages (Fig. 7)
  int64_t position_grid = 64;       ///< side of the learned position embedding before stage 3
  MoeOptions moe{};
  PatchMergingPlan patch_merging{};  ///< where a call of the backbone names no other
  double drop_path = 0;              ///< of the last block; grows linearly from 0 over the blocks
  double fusion_drop_path = 0;       ///< the same in the fusion encoder
  int64_t fusion_layers = 2;
  int64_t fusion_dim = 128;  ///< width d of aligned and fused features, a multiple of kFusionHeadWidth
  int64_t fusion_chunk =
      512;  ///< grid cells that the fusion encoder takes at once; bounds its memory (a GPU takes more)
  bool activation_checkpointing = false;  ///< recompute every block in the backward pass: less memory, more time

  void describe(OptionFields& fields);
  /// Throws UsageError naming the setting that cannot be built.
  void check() const;
  /// Channels of a stage, 0 to 3.
  int64_t stage_dim(int stage) const { return dim << stage; }
  int64_t block_count() const;
  /// The blocks with experts, in order; nothing without experts.
  std::vector<int64_t> expert_blocks() const;
};

}  // namespace skysense
