#include "heads/task_features.h"

#include <ATen/ops/adaptive_max_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "core/random.h"
#include "model/grid_resize.h"

namespace skysense {
namespace {

constexpr int64_t kHrPixelsPerCell = 32;
constexpr int kTop = kStages - 1;

struct Grid {
  int64_t height, width;
};

Grid fusion_grid(const TaskInput& input) {
  if (input.grid_height > 0 && input.grid_width > 0) return {input.grid_height, input.grid_width};
  for (const auto& [modality, pixels] :
       {std::pair{Modality::kMs, int64_t{1}}, {Modality::kSar, int64_t{1}}, {Modality::kHr, kHrPixelsPerCell}}) {
    const auto& series = input.series[modality];
    if (!series) continue;
    return {std::max<int64_t>(1, series->images.size(3) / pixels),
            std::max<int64_t>(1, series->images.size(4) / pixels)};
  }
  TORCH_CHECK_VALUE(false, "a task wants at least one modality");
}

/// [B, T] bool.
torch::Tensor present_of(const TaskSeries& series) {
  const auto shape = series.images.sizes().slice(0, 2);
  if (!series.present.defined()) return at::ones(shape, series.images.options().dtype(at::kBool));
  TORCH_CHECK_VALUE(series.present.sizes() == shape, "present must be ", shape, ", got ", series.present.sizes());
  return series.present;
}

/// One key an image: that of its place, made different for every modality and date.
std::optional<RowKeys> image_keys(const std::optional<RowKeys>& keys, const torch::Tensor& rows, int64_t dates,
                                  Modality modality) {
  if (!keys) return std::nullopt;
  const auto on_cpu = rows.cpu();
  RowKeys result;
  for (int64_t i = 0; i < on_cpu.size(0); ++i) {
    const int64_t row = on_cpu[i].item<int64_t>();
    const auto date = static_cast<uint64_t>(row % dates) * kModalityCount + static_cast<uint64_t>(modality);
    result.push_back(mix(keys->at(static_cast<size_t>(row / dates)), date));
  }
  return result;
}

struct EncodedSeries {
  std::array<torch::Tensor, kStages> stages;  // [B, T, h, w, c], 0 for what is absent
  torch::Tensor present;                      // [B, T]
  torch::Tensor balance;
};

EncodedSeries encode_series(SkysenseModelImpl& model, Modality modality, const TaskSeries& series,
                            const TaskFeatureOptions& options, const std::optional<RowKeys>& keys) {
  TORCH_CHECK_VALUE(series.images.dim() == 5, "images must be [B, T, channels, H, W], got ", series.images.sizes());
  const int64_t places = series.images.size(0), dates = series.images.size(1);
  TORCH_CHECK_VALUE(!keys || static_cast<int64_t>(keys->size()) == places, places, " places want as many keys, got ",
                    keys ? static_cast<int64_t>(keys->size()) : 0);
  EncodedSeries encoded;
  encoded.present = present_of(series);
  const auto rows = encoded.present.flatten().nonzero().squeeze(1);
  TORCH_CHECK_VALUE(rows.size(0) > 0, "no ", modality_name(modality), " image is present");
  const auto output = model.encode(
      modality, series.images.flatten(0, 1).index_select(0, rows),
      {.plan = options.plan, .row_keys = image_keys(keys, rows, dates, modality), .prompts = options.prompts});
  for (int stage = 0; stage < kStages; ++stage) {
    const auto& map = output.stages[stage];
    auto all = map;
    if (rows.size(0) < places * dates) {
      all = at::zeros({places * dates, map.size(1), map.size(2), map.size(3)}, map.options()).index_copy(0, rows, map);
    }
    encoded.stages[stage] = all.unflatten(0, {places, dates});
  }
  encoded.balance = output.balance;
  return encoded;
}

/// [B, T, h, w, c] -> the mean over the dates present, [B, c, h, w]; 0 for a place without any.
torch::Tensor mean_over_dates(const torch::Tensor& maps, const torch::Tensor& present) {
  if (maps.size(1) == 1) return maps.squeeze(1).permute({0, 3, 1, 2});
  // Absent maps are 0 already.
  const auto count = present.sum(1).clamp_min(1).to(maps.scalar_type()).view({-1, 1, 1, 1});
  return (maps.sum(1) / count).permute({0, 3, 1, 2});
}

/// Which cells of the grid an image covers with at least one valid pixel: [B, T, gh, gw] bool.
torch::Tensor valid_cells(const TaskSeries& series, const torch::Tensor& present, const Grid& grid) {
  const int64_t places = present.size(0), dates = present.size(1);
  const auto shown = present.view({places, dates, 1, 1}).expand({places, dates, grid.height, grid.width});
  if (!series.valid.defined()) return shown;
  const auto pixels = series.valid.flatten(0, 1).to(at::kFloat).unsqueeze(1);
  const auto pooled = std::get<0>(at::adaptive_max_pool2d(pixels, {grid.height, grid.width}));
  return (pooled.squeeze(1) > 0).unflatten(0, {places, dates}).logical_and(shown);
}

}  // namespace

TaskInput to_device(const TaskInput& input, torch::Device device) {
  TaskInput moved = input;
  const auto move = [&](torch::Tensor& tensor) {
    if (tensor.defined()) tensor = tensor.to(device, /*non_blocking=*/true);
  };
  for (auto& series : moved.series) {
    if (!series) continue;
    for (torch::Tensor* tensor : {&series->images, &series->valid, &series->day_of_year, &series->present})
      move(*tensor);
  }
  move(moved.prototypes);
  return moved;
}

TaskFeatures encode_task(SkysenseModelImpl& model, const TaskInput& input, const TaskFeatureOptions& options,
                         const std::optional<RowKeys>& keys) {
  TORCH_CHECK_VALUE(options.fusion || input.series[options.modality], "the task has no ",
                    modality_name(options.modality), " image");
  TaskFeatures features;
  FusionInput fusion;
  const Grid grid = fusion_grid(input);
  fusion.grid_height = grid.height;
  fusion.grid_width = grid.width;
  fusion.prototypes = input.prototypes;
  for (const Modality modality : kModalities) {
    if (!input.series[modality] || (!options.fusion && modality != options.modality)) continue;
    const TaskSeries& series = *input.series[modality];
    // Nothing of a sensor in the whole batch: the fusion encoder does without.
    if (options.fusion && series.present.defined() && !series.present.any().item<bool>()) continue;
    const auto encoded = encode_series(model, modality, series, options, keys);
    if (encoded.balance.defined()) features.balance.push_back(encoded.balance);
    if (modality == options.modality) {
      for (const auto& stage : encoded.stages) features.levels.push_back(mean_over_dates(stage, encoded.present));
    }
    if (!options.fusion) continue;
    const auto valid = valid_cells(series, encoded.present, grid);
    fusion.series[modality] = FusionSeries{encoded.stages[kTop], valid, series.day_of_year, encoded.present};
    const auto any = valid.any(1);
    features.seen = features.seen.defined() ? features.seen.logical_or(any) : any;
  }
  if (options.fusion) features.fused = model.fuse(fusion, keys).fused.permute({0, 3, 1, 2});
  return features;
}

std::vector<torch::Tensor> pyramid_of(const TaskFeatures& features) {
  TORCH_CHECK_VALUE(features.levels.size() == kStages,
                    "a pyramid wants an image of the modality whose stages it holds");
  auto levels = features.levels;
  if (!features.fused.defined()) return levels;
  auto& top = levels.back();
  const auto fused = resize_grid(features.fused.permute({0, 2, 3, 1}), top.size(2), top.size(3));
  top = at::cat({top, fused.permute({0, 3, 1, 2}).to(top.scalar_type())}, 1);
  return levels;
}

std::vector<int64_t> pyramid_channels(const ModelOptions& model, bool fusion) {
  std::vector<int64_t> channels;
  for (int stage = 0; stage < kStages; ++stage) channels.push_back(model.stage_dim(stage));
  if (fusion) channels.back() += model.fusion_dim;
  return channels;
}

const torch::Tensor& single_map_of(const TaskFeatures& features) {
  return features.fused.defined() ? features.fused : features.levels.back();
}

int64_t single_map_channels(const ModelOptions& model, bool fusion) {
  return fusion ? model.fusion_dim : model.stage_dim(kTop);
}

}  // namespace skysense
