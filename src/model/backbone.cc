#include "model/backbone.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/upsample_bicubic2d.h>
#include <ATen/ops/zeros.h>

#include "model/autocast.h"

namespace skysense {
namespace {

constexpr int kPositionStage = 2;  // the position embedding is added before stage 3

torch::nn::ModuleList make_stages(const ModelOptions& options) {
  options.check();
  torch::nn::ModuleList stages;
  for (int stage = 0; stage < kStages; ++stage) stages->push_back(BackboneStage(options, stage));
  return stages;
}

/// The matrix [to, from] of bicubic interpolation along one axis: what the operator makes of unit vectors.
torch::Tensor bicubic_weights(int64_t from, int64_t to) {
  const auto units = at::eye(from, torch::kFloat64).view({1, from, from, 1});
  return at::upsample_bicubic2d(units, {to, 1}, /*align_corners=*/false).view({from, to}).t();
}

}  // namespace

BackboneImpl::BackboneImpl(const ModelOptions& options)
    : options_(options),
      position_(register_parameter("position_embedding", at::zeros({options.position_grid, options.position_grid,
                                                                    options.stage_dim(kPositionStage)}))),
      stages_(register_module("stages", make_stages(options))) {}

torch::Tensor BackboneImpl::position(int64_t height, int64_t width) const {
  if (height == options_.position_grid && width == options_.position_grid) return position_;
  // Two matrix products in place of the operator, which takes a tenth of the whole training step on a GPU.
  const AutocastScope in_float32(position_.device(), at::kFloat);
  const int64_t grid = options_.position_grid;
  const auto rows = bicubic_weights(grid, height).to(position_.options()),
             columns = bicubic_weights(grid, width).to(position_.options());
  return at::matmul(columns, at::matmul(rows, position_.flatten(1)).view({height, grid, -1}));
}

BackboneOutput BackboneImpl::forward(const torch::Tensor& tokens, Modality modality, const ForwardOptions& options) {
  TORCH_CHECK_VALUE(tokens.dim() == 4 && tokens.size(3) == options_.dim, "backbone wants [B, h, w, ", options_.dim,
                    "], got ", tokens.sizes());
  const auto& subsample = (options.plan ? *options.plan : options_.patch_merging).subsample[modality];
  BackboneOutput output;
  std::vector<torch::Tensor> balances;
  auto grid = tokens;
  const double drop_path = is_training() ? options_.drop_path : 0;
  const auto scales = draw_branch_scales(linear_rates(drop_path, options_.block_count()), options.row_keys,
                                         tokens.size(0), tokens.device());
  int64_t first_block = 0;
  for (int index = 0; index < kStages; ++index) {
    auto& stage = *stages_[index]->as<BackboneStageImpl>();
    if (index > 0) grid = stage.merge(grid, subsample[index - 1]);
    if (index == kPositionStage) grid = grid + position(grid.size(1), grid.size(2)).to(grid.scalar_type());
    const int64_t blocks = options_.depths[static_cast<size_t>(index)];
    const auto result = stage.forward(grid, modality, options.prompts,
                                      scales.defined() ? scales.narrow(0, first_block, blocks) : scales);
    first_block += blocks;
    grid = result.tokens;
    output.stages[index] = stage.normalise(grid);
    if (result.balance.defined()) balances.push_back(result.balance);
  }
  if (!balances.empty()) output.balance = at::cat(balances);
  return output;
}

}  // namespace skysense
