#pragma once

#include <optional>
#include <string>

#include "core/modality.h"
#include "raster/georeference.h"

namespace skysense {

/// The grids on which a place's modalities are read so that all cover the same ground: what the images have in common,
/// cut inwards to whole pixels of the coarsest modality. Each grid keeps its modality's own pixel size (to within what
/// makes the ground a whole number of pixels) and, where that suits, its own pixels.
///
/// `native` holds each modality's own grid. Where one has no georeference the place's images are taken to cover the
/// same ground already. Throws DataError beginning with `origin` where the modalities do not overlap.
PerModality<std::optional<TargetGrid>> common_ground(const PerModality<std::optional<TargetGrid>>& native,
                                                     const std::string& origin);

}  // namespace skysense
