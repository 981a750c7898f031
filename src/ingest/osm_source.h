#pragma once

#include <ogr_geometry.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/osm_rules.h"
#include "core/osm_tags.h"
#include "raster/georeference.h"

namespace skysense {

/// One object of a source: its tags and its shape in WGS 84 degrees, longitude first.
struct OsmObject {
  OsmTags tags;
  std::unique_ptr<OGRGeometry> shape;
};

/// What a source's reading met.
struct OsmSourceCounts {
  int64_t objects = 0;          ///< with a shape and tags
  int64_t unreadable_tags = 0;  ///< left out: their tags are no text that this program reads
  int64_t no_shape = 0;         ///< left out: no geometry, or one without a place in WGS 84
};

struct OsmSource {
  OsmSourceCounts counts;
  std::optional<MapBox> bounds_deg;  ///< what the file says it covers
};

/// Hands every object of `path` to `take`: `.osm.pbf`, `.osm` and `.osm.gz` with all of their tags, multipolygon and
/// boundary relations as areas; any other vector file that OGR opens, whose attributes are the tags (a column
/// `other_tags` or `all_tags` is read as OGR writes it). Throws DataError where the file cannot be read to its end.
OsmSource read_osm_source(const std::string& path, const std::function<void(OsmObject)>& take);

}  // namespace skysense
