#pragma once

#include <cstdint>
#include <span>

#include "raster/georeference.h"
#include "raster/raster_reader.h"

namespace skysense {

/// Pixels of a raster in memory: values [bands, h, w], valid [h, w].
struct PixelPatch {
  PixelWindow window;
  int64_t bands = 0;
  const float* values = nullptr;
  const uint8_t* valid = nullptr;
};

/// The sides of one target cell in source pixels, at least 1.
struct CellFootprint {
  double width = 1, height = 1;
};

/// The value of one cell whose centre lies at `centre` (source pixel coordinates) into values[band * band_stride].
/// kSmooth: bilinear for a footprint of one pixel, else the area-weighted mean over the footprint; invalid pixels and
/// those outside the patch have no weight. Returns whether valid pixels make up at least half of the cell; the values
/// are 0 where not.
bool sample_cell(const PixelPatch& patch, PixelPoint centre, const CellFootprint& footprint, Resampling resampling,
                 float* values, int64_t band_stride);

}  // namespace skysense
