#pragma once

#include <vector>

#include "ingest/osm_source.h"
#include "raster/georeference.h"
#include "synth/render.h"

namespace skysense::app {

/// A place as a mapper would draw it: land cover and built-up land as areas generalised to 10 m; buildings, tanks,
/// pools, pitches and bridges as outlines of the HR pixels; streets, roads, tracks, motorways, railways, runways and
/// taxiways as lines with their width. What drives, floats, flies or is stacked is on no map. `hr` is the HR grid of
/// the place, which is rendered with details.
std::vector<OsmObject> map_features(const synth::RenderedPlace& place, const Georeference& hr, int64_t hr_per_cell);

}  // namespace skysense::app
