#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/osm_tags.h"

namespace skysense {

enum class OsmGeometry { kArea, kLine, kPoint };

/// A class of a label raster; its number is its position in OsmRules::classes.
struct OsmClass {
  std::string name;
  std::array<uint8_t, 3> colour{};
};

/// One tag is there, with one of some values.
struct TagCondition {
  std::string key;
  std::vector<std::string> values;  ///< empty: any value
};
/// Conditions on tags: one of the outer list must hold with everything in it. An empty outer list never holds.
using TagConditions = std::vector<std::vector<TagCondition>>;

/// Which objects are drawn as which class, and how.
struct OsmRule {
  std::string name;
  uint8_t class_number = 0;
  TagConditions where, unless;
  std::array<bool, 3> kinds{};  ///< by OsmGeometry
  int64_t order = 0;            ///< higher is drawn later, over what is lower
  double width_m = 0;           ///< of lines, from edge to edge
  std::string width_tag;        ///< tag whose length replaces width_m; empty: none
  double lane_m = 0;            ///< width_m of a line with the tag `lanes` and no width tag is lanes * lane_m; 0: not
  double radius_m = 0;          ///< of points
  double min_pixels = 0;        ///< lines and points are drawn at least this wide
  double max_gsd_m = std::numeric_limits<double>::infinity();  ///< not drawn on grids of larger pixels

  bool takes(OsmGeometry kind) const { return kinds[static_cast<size_t>(kind)]; }
  /// From edge to edge, for the line or point with these tags.
  double width_of(const OsmTags& tags, OsmGeometry kind) const;
};

/// A rules file (docs/formats.md): how OpenStreetMap objects become the classes of a label raster.
struct OsmRules {
  static constexpr uint8_t kUnlabelled = 255;  ///< pixels that no rule draws

  std::vector<OsmClass> classes;
  std::vector<OsmRule> rules;

  /// The first rule that takes an object of that kind with these tags.
  std::optional<size_t> match(const OsmTags& tags, OsmGeometry kind) const;
};

/// Throws UsageError naming the origin, the rule or class and the key; unknown keys and classes name the nearest known
/// one.
OsmRules parse_osm_rules(const std::string& yaml, const std::string& origin);
/// The same of a file; DataError where it cannot be read.
OsmRules read_osm_rules(const std::filesystem::path& file);

/// The rules file that the program carries: src/core/osm_rules.yaml.
std::string_view default_osm_rules_text();
OsmRules default_osm_rules();

}  // namespace skysense
