#pragma once

#include <torch/types.h>

#include <optional>
#include <vector>

#include "core/modality.h"
#include "infer/cell_window.h"

namespace skysense {

/// B tiles of one sensor's series.
struct TileSeries {
  torch::Tensor values;       ///< [B, T, C, h, w] float32, physical units, 0 where invalid
  torch::Tensor valid;        ///< [B, T, h, w] bool
  torch::Tensor day_of_year;  ///< [T] int64, 1 to 366; 0 where the image has no date
};

/// A batch of tiles over squares of `side` x `side` cells; every sensor's pixels divide a cell evenly.
struct TileBatch {
  int64_t side = 0;
  std::vector<CellWindow> tiles;  ///< [B] the cells of each on the scene's grid
  /// The images at each of the times that a task compares, earlier first; one where nothing is compared.
  std::vector<PerModality<std::optional<TileSeries>>> times;
};

/// What turns tiles into features or class probabilities: a network, or a stand-in in tests.
class FeatureExtractor {
 public:
  virtual ~FeatureExtractor() = default;
  /// Width d of a feature: values a pixel of the output.
  virtual int64_t width() const = 0;
  /// Pixels of the output along a cell's side.
  virtual int64_t divisions() const { return 1; }
  /// Callable from several threads. -> [B, d, side * divisions, side * divisions] float32. A tile's features depend on
  /// the batch's shape, place and contents only; those of pixels without data are never used.
  virtual torch::Tensor extract(const TileBatch& batch) const = 0;
};

}  // namespace skysense
