#include "model/fusion.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <limits>

#include "core/random.h"
#include "model/checkpointing.h"
#include "model/fusion_layer.h"
#include "model/grid_resize.h"
#include "model/projection.h"
#include "model/up_head.h"

namespace skysense {
namespace {

std::string name_of(Modality modality) { return std::string(modality_name(modality)); }

using NamedModules = std::vector<std::pair<std::string, std::shared_ptr<torch::nn::Module>>>;

torch::nn::ModuleDict make_projections(const ModelOptions& options) {
  NamedModules projections;
  for (const Modality modality : kModalities) {
    projections.emplace_back(name_of(modality), Projection(options.stage_dim(3), options.fusion_dim).ptr());
  }
  return torch::nn::ModuleDict(projections);
}

torch::nn::ModuleDict make_up_heads(int64_t dim) {
  NamedModules up_heads;
  for (const Modality modality : {Modality::kMs, Modality::kSar}) {
    up_heads.emplace_back(name_of(modality), UpHead(dim).ptr());
  }
  return torch::nn::ModuleDict(up_heads);
}

torch::nn::ModuleList make_layers(const ModelOptions& options) {
  torch::nn::ModuleList layers;
  for (int64_t i = 0; i < options.fusion_layers; ++i) {
    layers->push_back(FusionLayer(options.fusion_dim, options.fusion_dim / kFusionHeadWidth, options.mlp_ratio));
  }
  return layers;
}

/// One modality ready to be cut into sequences.
struct AlignedSeries {
  torch::Tensor features;  // [B, T, S, d]
  torch::Tensor dates;     // [B, T, 1, d], or undefined
  torch::Tensor usable;    // [B, T, S] bool
};

/// Some cells of some places: `cells` from `first_cell` on of `places` from `first_place` on.
struct CellRange {
  int64_t first_place, places, first_cell, cells;
};

/// Pieces of at most `chunk` cells in the order of the flattened [places, cells]: whole places where they are small.
std::vector<CellRange> cut(int64_t places, int64_t cells, int64_t chunk) {
  std::vector<CellRange> ranges;
  const int64_t place_step = std::max<int64_t>(1, chunk / cells);
  for (int64_t place = 0; place < places; place += place_step) {
    for (int64_t cell = 0; cell < cells; cell += chunk) {
      ranges.push_back({place, std::min(place_step, places - place), cell, std::min(chunk, cells - cell)});
    }
  }
  return ranges;
}

/// The sequences of a range without the class token, [cells, sum T, d], and which of their tokens are usable,
/// [cells, sum T]. What is not usable is also set to zero: a NaN times a weight of zero would still be NaN.
std::pair<torch::Tensor, torch::Tensor> gather(const std::vector<AlignedSeries>& all, const CellRange& range) {
  std::vector<torch::Tensor> tokens, usable;
  for (const AlignedSeries& series : all) {
    auto part = series.features.narrow(0, range.first_place, range.places).narrow(2, range.first_cell, range.cells);
    const auto part_usable =
        series.usable.narrow(0, range.first_place, range.places).narrow(2, range.first_cell, range.cells);
    if (series.dates.defined()) part = part + series.dates.narrow(0, range.first_place, range.places);
    tokens.push_back(part.masked_fill(part_usable.logical_not().unsqueeze(-1), 0).transpose(1, 2));
    usable.push_back(part_usable.transpose(1, 2));
  }
  return {at::cat(tokens, 2).flatten(0, 1), at::cat(usable, 2).flatten(0, 1)};
}

torch::Tensor usable_cells(const FusionSeries& series, int64_t places, int64_t dates, const FusionInput& input) {
  const auto options = torch::TensorOptions(at::kBool).device(series.features.device());
  auto usable = at::ones({places, dates, input.grid_height, input.grid_width}, options);
  if (series.valid.defined()) {
    TORCH_CHECK_VALUE(series.valid.sizes() == usable.sizes(), "valid must be ", usable.sizes(), ", got ",
                      series.valid.sizes());
    usable = series.valid;
  }
  if (series.present.defined()) {
    TORCH_CHECK_VALUE(series.present.sizes() == at::IntArrayRef({places, dates}), "present must be [", places, ", ",
                      dates, "], got ", series.present.sizes());
    usable = usable.logical_and(series.present.unsqueeze(-1).unsqueeze(-1));
  }
  return usable.flatten(2);
}

}  // namespace

FusionImpl::FusionImpl(const ModelOptions& options)
    : options_(options),
      projections_(register_module("projections", make_projections(options))),
      up_heads_(register_module("up_heads", make_up_heads(options.fusion_dim))),
      day_of_year_(register_module("day_of_year", DayOfYearEmbedding(options.fusion_dim))),
      class_token_(register_parameter("class_token", at::zeros({options.fusion_dim}))),
      layers_(register_module("layers", make_layers(options))),
      norm_(register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({options.fusion_dim})))),
      geo_context_(register_module("geo_context", GeoContext(options.fusion_dim))) {
  TORCH_CHECK_VALUE(options.fusion_dim % kFusionHeadWidth == 0, "fusion_dim ", options.fusion_dim,
                    " is no multiple of ", kFusionHeadWidth);
}

torch::Tensor FusionImpl::align(Modality modality, const torch::Tensor& features, int64_t height, int64_t width) {
  TORCH_CHECK_VALUE(features.dim() == 5 && features.size(-1) == options_.stage_dim(3), "features must be [B, T, h, w, ",
                    options_.stage_dim(3), "], got ", features.sizes());
  const std::string name = name_of(modality);
  auto grid = projections_[name]->as<ProjectionImpl>()->forward(features.flatten(0, 1));
  if (up_heads_->contains(name)) grid = up_heads_[name]->as<UpHeadImpl>()->forward(grid);
  return resize_grid(grid, height, width).unflatten(0, {features.size(0), features.size(1)});
}

FusionOutput FusionImpl::forward(const FusionInput& input, const std::optional<RowKeys>& row_keys) {
  FusionOutput output;
  std::vector<AlignedSeries> all;
  int64_t places = -1;
  for (const Modality modality : kModalities) {
    if (!input.series[modality]) continue;
    const FusionSeries& series = *input.series[modality];
    const auto aligned = align(modality, series.features, input.grid_height, input.grid_width);
    TORCH_CHECK_VALUE(places < 0 || places == aligned.size(0), "modalities of ", places, " and ", aligned.size(0),
                      " places");
    places = aligned.size(0);
    output.aligned[modality] = aligned;
    torch::Tensor dates;
    if (series.day_of_year.defined()) {
      TORCH_CHECK_VALUE(series.day_of_year.sizes() == aligned.sizes().slice(0, 2), "day_of_year must be ",
                        aligned.sizes().slice(0, 2), ", got ", series.day_of_year.sizes());
      dates = day_of_year_(series.day_of_year).unsqueeze(2);
    }
    all.push_back({aligned.flatten(2, 3), dates, usable_cells(series, places, aligned.size(1), input)});
  }
  TORCH_CHECK_VALUE(!all.empty(), "fusion wants at least one modality");

  const int64_t cells = input.grid_height * input.grid_width;
  const auto branch_scales = draw_scales(row_keys, places, cells, all.front().features.device());
  std::vector<torch::Tensor> class_features;
  int64_t done = 0;
  // A GPU takes more at once, or it waits between kernels; not where every chunk's activations are computed again.
  constexpr int64_t kGpuChunk = 16384;
  const bool recomputed = options_.activation_checkpointing && is_training();
  const bool more = !all.front().features.is_cpu() && !recomputed;
  const int64_t chunk = more ? std::max(options_.fusion_chunk, kGpuChunk) : options_.fusion_chunk;
  for (const CellRange& range : cut(places, cells, chunk)) {
    const int64_t count = range.places * range.cells;
    const auto [tokens, usable] = gather(all, range);
    const auto class_tokens = class_token_.to(tokens.scalar_type()).expand({count, 1, options_.fusion_dim});
    // The class token itself is never masked, so every query has at least one key.
    const auto key_bias = at::zeros(usable.sizes(), tokens.options().dtype(at::kFloat).requires_grad(false))
                              .masked_fill(usable.logical_not(), -std::numeric_limits<float>::infinity());
    class_features.push_back(encode(at::cat({class_tokens, tokens}, 1), at::constant_pad_nd(key_bias, {1, 0}),
                                    branch_scales.defined() ? branch_scales.narrow(2, done, count) : branch_scales));
    done += count;
  }
  const auto fused = at::cat(class_features).view({places, cells, options_.fusion_dim});
  const std::vector<int64_t> shape = {places, input.grid_height, input.grid_width, options_.fusion_dim};
  output.class_tokens = fused.view(shape);
  output.fused = geo_context_(fused, input.prototypes).view(shape);
  return output;
}

torch::Tensor FusionImpl::encode(const torch::Tensor& sequences, const torch::Tensor& key_bias,
                                 const torch::Tensor& branch_scales) {
  // By value: the backward pass may run it again, long after this call.
  const RunBlock run = [this, key_bias, branch_scales](const torch::Tensor& tokens) -> BlockOutput {
    auto x = tokens;
    for (int64_t i = 0; i < options_.fusion_layers; ++i) {
      // Only the class token leaves the encoder: the last layer computes nothing else.
      const int64_t queries = i + 1 == options_.fusion_layers ? 1 : x.size(1);
      x = layers_[i]->as<FusionLayerImpl>()->forward(
          x, key_bias, branch_scales.defined() ? branch_scales[i] : branch_scales, queries);
    }
    return {norm_(x.select(1, 0)), {}};
  };
  if (!options_.activation_checkpointing || !is_training()) return run(sequences).tokens;
  auto parameters = layers_->parameters();
  const auto norm_parameters = norm_->parameters();
  parameters.insert(parameters.end(), norm_parameters.begin(), norm_parameters.end());
  return run_checkpointed(run, sequences, parameters).tokens;
}

torch::Tensor FusionImpl::draw_scales(const std::optional<RowKeys>& row_keys, int64_t places, int64_t cells,
                                      torch::Device device) const {
  const double drop_path = is_training() ? options_.fusion_drop_path : 0;
  // Drawn for all cells at once, so that chunks change nothing.
  std::optional<RowKeys> cell_keys;
  if (drop_path > 0 && row_keys && static_cast<int64_t>(row_keys->size()) == places) {
    cell_keys.emplace();
    for (const uint64_t key : *row_keys) {
      for (int64_t cell = 0; cell < cells; ++cell) cell_keys->push_back(mix(key, static_cast<uint64_t>(cell)));
    }
  }
  return draw_branch_scales(linear_rates(drop_path, options_.fusion_layers), cell_keys, places * cells, device);
}

}  // namespace skysense
