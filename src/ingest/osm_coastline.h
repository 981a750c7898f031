#pragma once

#include <ogr_geometry.h>

#include <memory>
#include <vector>

#include "raster/georeference.h"

namespace skysense {

/// What was made of a source's coastline.
struct Coastline {
  std::unique_ptr<OGRGeometry> sea;  ///< an area in degrees; null without a coastline
  int64_t ways = 0;
  int64_t open_ends = 0;  ///< loose ends within the bounds: the sea near them is a guess
};

/// The sea within `bounds`: what lies on the right of the coastline ways (natural=coastline; OpenStreetMap keeps the
/// land on the left). Ways are joined where their ends meet; loose ends are led on straight to the nearest side of the
/// box round bounds and ways, whose sides close the areas. Without a loose end the sea is everything outside of the
/// islands (closed ways, counter-clockwise). Beyond the bounds nothing is known and nothing is sea.
Coastline sea_of_coastline(const std::vector<OGRLineString>& ways, const MapBox& limits);

}  // namespace skysense
