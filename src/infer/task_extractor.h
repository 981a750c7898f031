#pragma once

#include <c10/core/ScalarType.h>

#include "heads/task_product.h"
#include "infer/feature_extractor.h"
#include "infer/tile_prototypes.h"
#include "infer/tiling.h"

namespace skysense {

/// A fine-tuned network over tiles: class probabilities of every pixel of the output, [B, d, h, w]. d is the number of
/// classes; of semantic change twice that, the classes before and those after. Images without a valid pixel in a tile
/// are absent from it. The network computes where its weights are; tiles and probabilities are the CPU's.
class TaskExtractor : public FeatureExtractor {
 public:
  /// `grid` is that of the batches' tiles, a cell of which is `divisions` pixels of the output wide. The network runs
  /// in `dtype` (float32, or bfloat16 by autocast).
  TaskExtractor(const TaskProduct& product, const CellGrid& grid, int64_t divisions, c10::ScalarType dtype);
  int64_t width() const override;
  int64_t divisions() const override { return divisions_; }
  torch::Tensor extract(const TileBatch& batch) const override;

 private:
  const TaskProduct& product_;
  TilePrototypes prototypes_;
  int64_t divisions_;
  torch::Device device_;
  c10::ScalarType dtype_;
};

/// Class probabilities that a task gives a pixel: one a class and time.
int64_t probability_count(const TaskDescription& task);

/// Bytes that extract() needs at its peak beyond its input, estimated from above (measured: tests/cli). `images` of
/// each modality at each time.
int64_t task_workspace_bytes(const TaskProduct& product, const Tiling& tiling, int64_t divisions,
                             const PerModality<int64_t>& pixels_per_cell, const PerModality<int64_t>& images);

}  // namespace skysense
