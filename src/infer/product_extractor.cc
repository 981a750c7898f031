#include "infer/product_extractor.h"

#include <algorithm>

#include "data/normalise.h"
#include "engine/device.h"

namespace skysense {
namespace {

/// Which cells of a tile an image covers with at least one valid pixel: [B, h, w] -> [B, side, side].
torch::Tensor covered_cells(const torch::Tensor& valid, int64_t side) {
  const int64_t pixels = valid.size(1) / side;
  return valid.view({valid.size(0), side, pixels, side, pixels}).any(4).any(2);
}

constexpr int64_t kBytes = sizeof(float);

/// Buffers of the width of a block's input that are alive at once: the residual, queries, keys, values, their windows,
/// and the MLP's hidden layer before and after its activation; and what the heap loses between them.
int64_t block_widths(const ModelOptions& options) { return static_cast<int64_t>(12 + 3 * options.mlp_ratio); }

}  // namespace

ProductExtractor::ProductExtractor(const Product& product, const CellGrid& grid)
    : product_(product),
      prototypes_(product.prototypes, grid, device_of(*product.model)),
      device_(device_of(*product.model)) {}

torch::Tensor ProductExtractor::extract(const TileBatch& batch) const {
  SkysenseModel model = product_.model;
  FusionInput input;
  input.grid_height = input.grid_width = batch.side;
  for (const Modality modality : kModalities) {
    const auto& series = batch.times.front()[modality];
    if (!series) continue;
    std::vector<torch::Tensor> features, valid, days;
    // One date after another: the backbone's activations are those of a single image however long the series is.
    for (int64_t t = 0; t < series->values.size(1); ++t) {
      const auto ok = series->valid.select(1, t);
      if (!ok.any().item<bool>()) continue;
      const auto image = normalise(series->values.select(1, t), ok, *product_.contracts[modality]);
      features.push_back(model->encode(modality, image.to(device_)).stages.back());
      valid.push_back(covered_cells(ok, batch.side).to(device_));
      days.push_back(series->day_of_year[t].expand({ok.size(0)}).to(device_));
    }
    if (features.empty()) continue;
    const auto cells = torch::stack(valid, 1);  // [B, T, side, side]
    input.series[modality] =
        FusionSeries{torch::stack(features, 1), cells, torch::stack(days, 1), cells.flatten(2).any(2)};
  }
  input.prototypes = prototypes_.gather(batch.tiles);
  return model->fuse(input).fused.permute({0, 3, 1, 2}).cpu();
}

Tiling model_tiling(const InferenceOptions& options, Modality reference, int64_t pixels_per_cell, int64_t batch) {
  const auto cells = [&](int64_t ms_pixels) {
    return ms_pixels * (reference == Modality::kHr ? InferenceOptions::kHrPixels : 1) / pixels_per_cell;
  };
  const int64_t tile = std::max<int64_t>(2, cells(options.tile));
  return Tiling(tile, std::min(cells(options.overlap), tile / 2), batch > 0 ? batch : options.batch);
}

int64_t backbone_bytes(const ModelOptions& options, Modality modality, int64_t images, int64_t side_pixels) {
  int64_t bytes = 0, side = std::max<int64_t>(1, side_pixels / kPatch), channels = options.dim;
  for (int stage = 0; stage < kStages; ++stage) {
    bytes = std::max(bytes, images * side * side * channels * block_widths(options) * kBytes);
    channels *= 2;
    if (modality == Modality::kHr) side = std::max<int64_t>(1, side / 2);
  }
  return bytes;
}

int64_t fusion_bytes(const ModelOptions& options, int64_t cells, int64_t images) {
  // The aligned map of every image, and one in the making by an up-head.
  const int64_t input = cells * (images + 2) * options.fusion_dim * kBytes;
  return 2 * input +
         std::min(options.fusion_chunk, cells) * (images + 1) * options.fusion_dim * block_widths(options) * kBytes;
}

int64_t workspace_bytes(const ModelOptions& options, const Tiling& tiling, const PerModality<int64_t>& pixels_per_cell,
                        const PerModality<int64_t>& dates) {
  int64_t backbone = 0, images = 0;
  for (const Modality modality : kModalities) {
    if (pixels_per_cell[modality] == 0) continue;
    backbone = std::max(backbone,
                        backbone_bytes(options, modality, tiling.batch(), tiling.tile() * pixels_per_cell[modality]));
    images += dates[modality];
  }
  const int64_t cells = tiling.batch() * tiling.tile() * tiling.tile();
  const int64_t aligned = cells * (images + 2) * options.fusion_dim * kBytes;
  return std::max(backbone + aligned, fusion_bytes(options, cells, images));
}

}  // namespace skysense
