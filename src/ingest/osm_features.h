#pragma once

#include <ogr_geometry.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/osm_rules.h"
#include "raster/georeference.h"

namespace skysense {

/// An object that a rule draws.
struct OsmFeature {
  std::unique_ptr<OGRGeometry> shape;  ///< WGS 84 degrees
  MapBox box_deg;
  size_t rule = 0;     ///< of OsmRules::rules
  double width_m = 0;  ///< from edge to edge of lines and points; 0 for areas
  double size = 0;     ///< of areas, only for comparing them
};

/// What became of the objects of all sources.
struct OsmCounts {
  int64_t objects = 0;    ///< read
  int64_t unmatched = 0;  ///< no rule takes them
  int64_t elsewhere = 0;  ///< outside of the area asked for
  int64_t repaired = 0;   ///< areas with broken outlines that could be mended
  int64_t broken = 0;     ///< left out: beyond repair, without a place or with tags that cannot be read
  int64_t coastline_ways = 0, coastline_open_ends = 0;
};

/// The drawn objects of some sources, held in memory.
class OsmFeatures {
 public:
  /// Reads every source; objects outside of `area_deg` are not kept. Throws DataError as read_osm_source does.
  OsmFeatures(const std::vector<std::string>& paths, const OsmRules& rules,
              const std::optional<MapBox>& area_deg = std::nullopt);

  const OsmRules& rules() const { return rules_; }
  const std::vector<OsmFeature>& features() const { return features_; }
  const OsmCounts& counts() const { return counts_; }

 private:
  void read(const std::string& path);
  void add(OGRGeometry& shape, const OsmTags& tags);
  void keep(std::unique_ptr<OGRGeometry> shape, OsmGeometry kind, const OsmTags& tags, size_t rule);

  OsmRules rules_;
  std::optional<MapBox> area_deg_;
  std::vector<OsmFeature> features_;
  OsmCounts counts_;
};

}  // namespace skysense
