#pragma once

#include <torch/types.h>

#include <optional>
#include <vector>

#include "data/views.h"

namespace skysense {

/// The series of one modality over a batch, padded to the same number of dates.
struct SeriesBatch {
  torch::Tensor values;       ///< [B, T, C, H, W] float32, normalised; 0 where invalid or padded
  torch::Tensor valid;        ///< [B, T, H, W] bool; false where padded
  torch::Tensor day_of_year;  ///< [B, T] int64, 0 where undated or padded
  torch::Tensor present;      ///< [B, T] bool: an image stands here; all false for a place without the modality
};

/// The same view slot of B places.
struct ViewBatch {
  PerModality<std::optional<SeriesBatch>> images;  ///< nothing where no place of the batch has the modality
  torch::Tensor boxes;                             ///< [B, 4] float64: x, y, width, height of each GroundBox
  torch::Tensor transforms;                        ///< [B] int64, codes of data/dihedral.h
  torch::Tensor locations;  ///< [B, 2] float64: longitude and latitude of the place, degrees; NaN where unknown
  /// [B, cells, cells] int64: the class of each cell of the fusion grid, -1 where unlabelled; undefined where no place
  /// of the batch has labels.
  torch::Tensor label_cells = {};
};

/// Stacks view `slot` of B places. T is ViewOptions::dates, H = W ViewOptions::pixels and C the contract's channels, so
/// that every batch of a slot has the same shapes. Missing dates and modalities are padded with present = false.
ViewBatch collate(const std::vector<std::vector<View>>& places, int64_t slot, const SensorContracts& contracts,
                  const ViewOptions& options);

}  // namespace skysense
