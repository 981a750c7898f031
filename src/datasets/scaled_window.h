#pragma once

#include <string>

#include "data/place_sample.h"
#include "raster/georeference.h"

namespace skysense {

/// A window of the extent in pixels of a raster over the same ground. Throws c10::ValueError naming `path` where it is
/// not of whole pixels.
PixelWindow scaled_window(const PixelWindow& window, const RasterSize& extent, const RasterSize& raster,
                          const std::string& path);

/// The request's window, or the whole extent. Throws c10::ValueError naming the sample for one that is empty or not
/// inside.
PixelWindow window_inside(const std::optional<PixelWindow>& wanted, const RasterSize& extent,
                          const std::string& sample);

}  // namespace skysense
