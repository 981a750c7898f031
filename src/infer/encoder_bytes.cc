#include "infer/encoder_bytes.h"

#include <algorithm>

#include "infer/product_extractor.h"
#include "model/options.h"

namespace skysense {
namespace {

constexpr int64_t kHrPixelsPerCell = 32;  // of the fusion grid without MS or SAR (TaskInput)

}  // namespace

EncoderBytes encoder_bytes(const TaskProduct& product, const Tiling& tiling, int64_t divisions,
                           const PerModality<int64_t>& pixels_per_cell, const PerModality<int64_t>& images) {
  constexpr int64_t kBytes = sizeof(float);
  const ModelOptions& model = product.model;
  const int64_t batch = tiling.batch();
  EncoderBytes bytes;
  int64_t backbone = 0, all_images = 0;
  int64_t fusion_side = fusion_cells(product.options, tiling.tile() * divisions);
  for (const Modality modality : kModalities) {
    if (pixels_per_cell[modality] == 0) continue;
    const int64_t pixels = tiling.tile() * pixels_per_cell[modality];
    backbone = std::max(backbone, backbone_bytes(model, modality, batch * images[modality], pixels));
    int64_t side = pixels / kPatch;
    bytes.finest = std::max(bytes.finest, side * side);
    for (int stage = 0; stage < kStages; ++stage) {
      bytes.maps += batch * images[modality] * side * side * model.stage_dim(stage) * kBytes;
      if (modality == Modality::kHr) side = std::max<int64_t>(1, side / 2);
    }
    all_images += images[modality];
    if (product.options.cell == 0)
      fusion_side = std::max(fusion_side, modality == Modality::kHr ? pixels / kHrPixelsPerCell : pixels);
  }
  const int64_t fusion =
      product.options.fusion ? fusion_bytes(model, batch * fusion_side * fusion_side, all_images) : 0;
  bytes.encoding = std::max(backbone, fusion);
  return bytes;
}

}  // namespace skysense
