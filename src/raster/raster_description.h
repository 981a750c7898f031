#pragma once

#include <cpl_string.h>
#include <gdal_priv.h>

#include <cstdint>

#include "raster/raster_writer.h"

namespace skysense {

GDALDataType gdal_type(PixelType type);

/// The side of a tile: 512, or 256 of plain GeoTIFFs, which data sets are made of and random crops are read from; less
/// for many bands and for rasters that a smaller tile covers (a tile is stored, and unpacked, whole).
int64_t tile_side(const RasterLayout& layout);

/// Options of the output's driver: sound defaults, replaced by the user's. Throws UsageError for one that is not
/// NAME=VALUE.
CPLStringList driver_options(const RasterLayout& layout);

/// Writes into `dataset`, which has the layout's size, what the layout says beside the pixels.
void describe_raster(GDALDataset& dataset, const RasterLayout& layout);

}  // namespace skysense
