#pragma once

#include <optional>
#include <string>

#include "core/modality.h"
#include "core/place_index.h"
#include "core/sensor_contract.h"
#include "raster/georeference.h"

namespace skysense {

/// Pixels a side: a place is a piece of ground that fits in memory; a whole scene given as one is a mistake worth a
/// clear word.
inline constexpr int64_t kMaxPlaceSide = 8192;

/// The grids on which a place's modalities are read so that all cover the same ground: what the images have in common,
/// cut inwards to whole pixels of the coarsest modality. Each grid keeps its modality's own pixel size (to within what
/// makes the ground a whole number of pixels) and, where that suits, its own pixels.
///
/// `native` holds each modality's own grid. Where one has no georeference the place's images are taken to cover the
/// same ground already. Throws DataError beginning with `origin` where the modalities do not overlap.
PerModality<std::optional<TargetGrid>> common_ground(const PerModality<std::optional<TargetGrid>>& native,
                                                     const std::string& origin);

/// The grids of a place that names its ground: north up over its box, each modality at its contract's ground sample
/// distance. MS pixels (SAR where there is no MS, HR where there is neither) divide the box; the finer modalities have
/// a whole number of pixels a side of such a pixel, so that HR keeps one ratio r to MS (DESIGN 3) over all places.
/// Sides that are no multiple of a pixel make pixels a little larger or smaller. Throws DataError beginning with
/// `origin` for a reference system that is none or is not projected, and for a box larger than kMaxPlaceSide pixels.
PerModality<std::optional<TargetGrid>> grids_of_ground(const PlaceGround& ground, const SensorContracts& contracts,
                                                       const std::string& origin);

}  // namespace skysense
