#pragma once

#include <cstdint>
#include <string>

#include "raster/raster_writer.h"

namespace skysense {

/// A GeoTIFF made in memory, as the bytes of its file: for rasters that become members of archives. Tiled, DEFLATE with
/// the predictor of its type; `layout.format` is not asked for. `values` [bands, height, width]; integers are rounded
/// and clamped to the type. `valid` [height, width]: where not null, the file has a mask inside it that is 0 where
/// `valid` is (the pixels keep their values). The same raster makes the same bytes. Throws DataError that begins with
/// `origin`.
std::string geotiff_bytes(const RasterLayout& layout, const float* values, const uint8_t* valid,
                          const std::string& origin);

}  // namespace skysense
