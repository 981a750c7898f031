#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ingest/osm_features.h"
#include "raster/georeference.h"

namespace skysense {

/// What became of the objects of one rule on a grid.
struct OsmRuleCounts {
  int64_t drawn = 0;
  int64_t outside = 0;   ///< of the grid
  int64_t too_fine = 0;  ///< not drawn on grids of such large pixels (max_gsd_m)
  int64_t broken = 0;    ///< without a place in the grid's coordinate system
};

/// What a label raster holds.
struct OsmLabelCounts {
  std::vector<OsmRuleCounts> rules;  ///< by OsmRules::rules
  std::vector<int64_t> pixels;       ///< by class
  int64_t unlabelled = 0;
};

/// Takes a block of class numbers [height, width]; blocks come row by row and cover the grid once.
using LabelSink = std::function<void(const PixelWindow& window, const uint8_t* classes)>;

/// Draws the features onto `grid`, block by block: a pixel gets the class of the uppermost feature over its centre, or
/// OsmRules::kUnlabelled. Uppermost is what has the higher order, then the smaller area, then the later rule; the order
/// of the features has no part in it. Lines and points are widened in the grid's coordinate system, by metres on the
/// ground at the feature's middle. Corners are rounded to 1/1024 pixel, so that a grid that is a window of another has
/// its pixels. Memory grows with the features over the grid, not with the grid.
/// Throws DataError for a grid without a coordinate reference system or with one that WGS 84 has no way to.
OsmLabelCounts rasterize_osm(const OsmFeatures& features, const TargetGrid& grid, const LabelSink& sink);

/// The box round a grid in WGS 84 degrees, with room for what is drawn wider than it is; the whole globe where the grid
/// reaches beyond its projection. Throws DataError as rasterize_osm does.
MapBox osm_search_box(const TargetGrid& grid);

}  // namespace skysense
