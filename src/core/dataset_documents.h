#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/date.h"

namespace skysense {

/// A patch of PASTIS as `metadata.geojson` describes it.
struct PastisPatch {
  int64_t id = 0;
  int64_t fold = 1;                                ///< 1 to 5
  std::map<std::string, std::vector<Date>> dates;  ///< by sensor: "S2", "S1A", "S1D"; in the order of its array
};

/// Throws DataError that starts with `origin`: not GeoJSON, no patches, a patch without ID_PATCH, Fold or dates-S2, a
/// fold beyond 1 to 5, a date that is none.
std::vector<PastisPatch> parse_pastis_metadata(const std::string& text, const std::string& origin);

/// What BigEarthNet v1's `*_labels_metadata.json` says of a patch.
struct BigEarthNetPatch {
  std::vector<std::string> labels;  ///< CORINE land cover, 43 names
  std::optional<Date> date;
  std::string sentinel2_patch;  ///< of a Sentinel-1 patch: its Sentinel-2 one; else empty
};

/// Throws DataError that starts with `origin`: not JSON, no list of labels.
BigEarthNetPatch parse_bigearthnet_patch(const std::string& text, const std::string& origin);

/// The lines of a list of names (splits), without blanks around them, empty lines and carriage returns.
std::vector<std::string> parse_name_list(const std::string& text);

}  // namespace skysense
