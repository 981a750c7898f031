#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "data/ground_box.h"
#include "data/place_sample.h"
#include "data/view_options.h"

namespace skysense {

/// One look at a place: every modality shows the ground of `box`, moved by `transform` (data/dihedral.h).
struct View {
  PerModality<std::optional<ImageSeries>>
      images;  ///< normalised network input, [T, C, side, side] of ViewOptions::pixels
  GroundBox box;
  int64_t transform = 0;
  torch::Tensor label_cells{};  ///< [cells, cells] int64 (data/label_cells.h); undefined unless asked for and known
  std::optional<double> longitude_deg = {}, latitude_deg = {};  ///< of the place
};

/// The views of one place: the global ones first, then the local ones. What is drawn depends on (seed, epoch, sample)
/// alone. The dates of a series are drawn once and shared by all views, unless ViewOptions::own_dates: at most
/// ViewOptions::dates of them, in order.
///
/// Any subset of modalities and any raster size will do: a view's ground shrinks to what the place has (a square as
/// large as fits), and is resampled to the view's pixels; a view without zoom whose pixels match is cut out untouched.
/// `contracts` describe the sensors of the sample. Throws DataError for a place without any image or with a modality
/// that has no contract.
std::vector<View> make_views(const PlaceSample& place, const SensorContracts& contracts, const ViewOptions& options,
                             const AugmentOptions& augment, uint64_t seed, uint64_t epoch, uint64_t sample);

/// The pixels of a place that make_views with the same arguments looks at, by the sizes of its rasters.
PerModality<std::optional<RasterPart>> parts_of_views(const PerModality<std::optional<RasterSize>>& sizes,
                                                      const ViewOptions& options, uint64_t seed, uint64_t epoch,
                                                      uint64_t sample);

}  // namespace skysense
