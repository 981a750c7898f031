#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/date.h"

namespace skysense {

/// One layer of an rslearn dataset's config.json.
struct RslearnLayer {
  bool raster = true;
  std::vector<std::vector<std::string>> band_sets;  ///< the bands of each raster
  std::string source;                               ///< class or name of its data source; empty without one
  bool harmonized = false;  ///< the data source takes Sentinel-2's offset of baseline 04.00 away
};

/// The layers of config.json by name. Nothing where the text is JSON of another kind. Throws DataError beginning with
/// `origin` for a broken one. Format: docs/DatasetFormat.md and docs/DatasetConfig.md of rslearn.
std::optional<std::map<std::string, RslearnLayer>> parse_rslearn_config(const std::string& text,
                                                                        const std::string& origin);

/// A window's items.json: by layer, the first date of each of its item groups. Throws DataError.
std::map<std::string, std::vector<std::optional<Date>>> parse_rslearn_items(const std::string& text,
                                                                            const std::string& origin);

/// The first and last day of a window's metadata.json; nothing where its time_range is null. Throws DataError.
std::optional<std::pair<Date, Date>> parse_rslearn_window(const std::string& text, const std::string& origin);

}  // namespace skysense
