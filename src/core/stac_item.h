#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/date.h"

namespace skysense {

/// One band of an asset by all names that the document gives it: eo:bands or bands, `name` before `common_name`.
struct StacBand {
  std::vector<std::string> names;
};

/// One file of a STAC item.
struct StacAsset {
  std::string key, href;
  std::vector<std::string> roles;
  std::vector<StacBand> bands;  ///< empty where the document names none
  std::optional<double> scale, offset, gsd_m;
};

/// A STAC item (https://stacspec.org, 1.0 and 1.1): one acquisition and its files.
struct StacItem {
  std::string id, collection, constellation, platform, product_type;
  std::optional<Date> date;       ///< of `datetime`, else of `start_datetime`
  std::string crs;                ///< "EPSG:32631" by proj:code or proj:epsg; empty where there is none
  std::string baseline;           ///< s2:processing_baseline
  bool offset_applied = false;    ///< earthsearch:boa_offset_applied
  std::vector<StacAsset> assets;  ///< in the order of their keys
};

/// What a JSON file says as a part of a catalog.
struct StacDocument {
  std::vector<StacItem> items;     ///< itself, or those of an item collection
  std::vector<std::string> links;  ///< hrefs of `child` and `item` links
};

/// Nothing where the text is JSON of another kind. Throws DataError beginning with `origin` for broken STAC.
std::optional<StacDocument> parse_stac(const std::string& text, const std::string& origin);

}  // namespace skysense
