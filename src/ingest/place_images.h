#pragma once

#include <optional>

#include "core/place_index.h"
#include "ingest/contract_reader.h"

namespace skysense {

/// An image of a place, ready to be read onto any grid: its validity layer by the meaning of its values, and the
/// image's `add` as a part of the contract's offsets. The paths of `image` are such that GDAL opens them. Throws
/// DataError.
ContractReader open_place_image(const PlaceImage& image, const SensorContract& contract);

/// The grid of a place's label: `ground`, that of the place's first modality, at the label's own pixel size; the
/// label's own grid where there is no ground or either has no georeference.
TargetGrid label_grid(const RasterReader& label, const std::optional<TargetGrid>& ground);

}  // namespace skysense
