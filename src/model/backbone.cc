#include "model/backbone.h"

#include <ATen/ops/upsample_bicubic2d.h>
#include <ATen/ops/zeros.h>

namespace skysense {
namespace {

constexpr int kPositionStage = 2;  // the position embedding is added before stage 3

torch::nn::ModuleList make_stages(const ModelOptions& options) {
  options.check();
  torch::nn::ModuleList stages;
  for (int stage = 0; stage < kStages; ++stage) stages->push_back(BackboneStage(options, stage));
  return stages;
}

}  // namespace

BackboneImpl::BackboneImpl(const ModelOptions& options)
    : options_(options),
      position_(register_parameter(
          "position_embedding", at::zeros({options.position_grid, options.position_grid, options.stage_dim(kPositionStage)}))),
      stages_(register_module("stages", make_stages(options))) {}

torch::Tensor BackboneImpl::position(int64_t height, int64_t width) const {
  if (height == options_.position_grid && width == options_.position_grid) return position_;
  const auto channels_first = position_.permute({2, 0, 1}).unsqueeze(0);
  return at::upsample_bicubic2d(channels_first, {height, width}, /*align_corners=*/false).squeeze(0).permute({1, 2, 0});
}

BackboneOutput BackboneImpl::forward(const torch::Tensor& tokens, Modality modality, const ForwardOptions& options) {
  TORCH_CHECK_VALUE(tokens.dim() == 4 && tokens.size(3) == options_.dim, "backbone wants [B, h, w, ", options_.dim,
                    "], got ", tokens.sizes());
  const auto& subsample = (options.plan ? *options.plan : options_.patch_merging).subsample[modality];
  BackboneOutput output{.stages = {}, .moe_loss = at::zeros({}, tokens.options().dtype(at::kFloat))};
  auto grid = tokens;
  for (int index = 0; index < kStages; ++index) {
    auto& stage = *stages_[index]->as<BackboneStageImpl>();
    if (index > 0) grid = stage.merge(grid, subsample[index - 1]);
    if (index == kPositionStage) grid = grid + position(grid.size(1), grid.size(2)).to(grid.scalar_type());
    const auto result = stage.forward(grid, modality, options);
    grid = result.tokens;
    output.stages[index] = stage.normalise(grid);
    if (result.moe_loss.defined()) output.moe_loss = output.moe_loss + result.moe_loss;
  }
  return output;
}

}  // namespace skysense
