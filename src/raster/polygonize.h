#pragma once

#include <ogr_geometry.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "raster/georeference.h"

namespace skysense {

/// A patch of pixels of one value, outlined along their edges, with its holes.
struct LabelledArea {
  int32_t value = 0;
  std::unique_ptr<OGRPolygon> outline;  ///< in map units
};

/// The 4-connected patches of `values` [height, width]; those of `background` are left out.
std::vector<LabelledArea> polygonize(const std::vector<int32_t>& values, int64_t width, int64_t height,
                                     int32_t background, const Georeference& georeference);

}  // namespace skysense
