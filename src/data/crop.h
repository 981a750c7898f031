#pragma once

#include <torch/types.h>

#include "data/place_sample.h"

namespace skysense {

/// A rectangle in the pixels of a place's raster; (0, 0) is the upper-left corner of its first pixel.
struct PixelBox {
  double x = 0, y = 0, width = 0, height = 0;
};

/// Cuts a series to a box of its own raster and resamples it to `size` pixels. A box of as many whole pixels is passed
/// on untouched (where it is the whole series, without a copy). Otherwise bilinear, widened when it shrinks (a
/// triangle filter, as Pillow's) and weighted by validity: invalid pixels have no part in any value, and a pixel is
/// valid where at least half of its weight is. Returned values are 0 where invalid. The box must lie inside the raster;
/// throws c10::ValueError otherwise. Of a series that is a part of its raster the result is that of the whole; the part
/// must hold pixels_of_crop.
ImageSeries crop_series(const ImageSeries& series, const PixelBox& box, const RasterSize& size);
/// The same to side x side pixels.
ImageSeries crop_series(const ImageSeries& series, const PixelBox& box, int64_t side);

/// The pixels of a raster that crop_series looks at.
RasterPart pixels_of_crop(const PixelBox& box, const RasterSize& raster, int64_t side);

}  // namespace skysense
