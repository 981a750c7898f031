#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/moduledict.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/normalization.h>
#include <torch/types.h>

#include <optional>

#include "core/modality.h"
#include "model/day_of_year_embedding.h"
#include "model/drop_path.h"
#include "model/geo_context.h"
#include "model/options.h"

namespace skysense {

/// The backbone's features of one modality's images of B places, T dates each (padded where a place has fewer).
struct FusionSeries {
  torch::Tensor features{};     ///< [B, T, h, w, 8C], stage 4 after its LayerNorm; covers the grid's ground exactly
  torch::Tensor valid{};        ///< [B, T, gh, gw] bool on the fusion grid; undefined: valid everywhere
  torch::Tensor day_of_year{};  ///< [B, T] int64, 1 to 366, 0 for an undated image; undefined: all undated
  torch::Tensor present{};      ///< [B, T] bool, false for padding and missing dates; undefined: all present
};

struct FusionInput {
  PerModality<std::optional<FusionSeries>> series{};  ///< any subset of the modalities, at least one
  int64_t grid_height = 0, grid_width = 0;            ///< the common grid; one cell is 32 HR pixels or one MS pixel
  torch::Tensor prototypes{};  ///< [B, P, d] of each place's region (DESIGN 4); undefined: no geo-context
};

struct FusionOutput {
  torch::Tensor fused;                 ///< [B, gh, gw, d]
  torch::Tensor class_tokens;          ///< F_fus^mm, the same before the geo-context: what prototypes are made of
  PerModality<torch::Tensor> aligned;  ///< F_i on the grid, [B, T, gh, gw, d], before the date embedding; or undefined
};

/// The multi-modal temporal fusion encoder. Each modality's features are projected to width d, brought to the common
/// grid, and for every cell one sequence [class token, HR, MS dates, SAR dates] passes through an encoder; its class
/// token, joined with the geo-context, is the fused feature. Images that are absent or invalid in a cell are masked out
/// as keys: they change nothing. A cell without any valid image gets the feature of the class token alone. Paper: App.
/// A.1 and C; SkySense (CVPR 2024) sec. 3.1; DESIGN 3, 4 and 6. Modules: projections.<modality>, up_heads.<ms|sar>,
/// day_of_year, class_token, layers.<n>, norm, geo_context.
class FusionImpl : public torch::nn::Module {
 public:
  /// Throws c10::ValueError where fusion_dim is no multiple of kFusionHeadWidth.
  explicit FusionImpl(const ModelOptions& options);

  /// `row_keys`, one a place, are for drop path and needed in training where fusion_drop_path > 0: every cell of a
  /// place draws for itself. Beyond input and output the encoder keeps the activations of fusion_chunk cells only (in
  /// training with activation_checkpointing). Throws c10::ValueError for shapes other than FusionInput's.
  FusionOutput forward(const FusionInput& input, const std::optional<RowKeys>& row_keys = {});

  /// features [B, T, h, w, 8C] of one modality -> F_i [B, T, height, width, d].
  torch::Tensor align(Modality modality, const torch::Tensor& features, int64_t height, int64_t width);

 private:
  /// sequences [N, L, d] with the class token first -> its features, [N, d]. branch_scales [layers, 2, N] or undefined.
  torch::Tensor encode(const torch::Tensor& sequences, const torch::Tensor& key_bias,
                       const torch::Tensor& branch_scales);
  torch::Tensor draw_scales(const std::optional<RowKeys>& row_keys, int64_t places, int64_t cells,
                            torch::Device device) const;

  const ModelOptions options_;
  torch::nn::ModuleDict projections_, up_heads_;
  DayOfYearEmbedding day_of_year_;
  torch::Tensor class_token_;  // [d]
  torch::nn::ModuleList layers_;
  torch::nn::LayerNorm norm_;
  GeoContext geo_context_;
};
TORCH_MODULE(Fusion);

}  // namespace skysense
