#pragma once

#include <optional>
#include <string>

#include "core/place_index.h"
#include "core/sensor_contract.h"
#include "raster/georeference.h"

namespace skysense {

/// One image of a place on the place's own grid, as the bytes of a GeoTIFF that reads as the image does there: the
/// contract's bands in its order, stored values before scale and offset (`image.add` still is to be added). Where the
/// grid's cells are pixels of the image they keep the files' type (8 and 16 bits) and nodata value, also below clouds;
/// else they are resampled, in 32-bit floats that are NaN where invalid. What nodata does not say of validity (masks,
/// transparency, clouds of the validity layer) is the file's own mask. The paths of `image` are such that GDAL opens
/// them. Nothing for an image without a valid pixel there, which reading drops. Throws DataError.
std::optional<std::string> cut_image(const PlaceImage& image, const SensorContract& contract, const TargetGrid& grid);

/// The same of a label raster's first band: its classes at its own pixel size over `ground`, that of the place's first
/// modality.
std::string cut_label(const std::string& path, const TargetGrid& ground);

}  // namespace skysense
