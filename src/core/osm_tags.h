#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace skysense {

/// The tags of one OpenStreetMap object.
using OsmTags = std::map<std::string, std::string, std::less<>>;

/// Tags in the text that OGR's OSM driver and GeoPackages made from it hold in `other_tags` and `all_tags`:
/// `"key"=>"value","key"=>"value"`, where \" and \\ stand for a quote and a backslash. A key that stands twice keeps
/// its first value. Nothing where the text is none of that.
std::optional<OsmTags> parse_hstore(std::string_view text);
std::string format_hstore(const OsmTags& tags);

/// Metres of a length as mappers write it: "7.5", "7.5 m", "7,5", "24 ft", "24'", "5'6\"", "0.2 km", "1 mi". Nothing
/// for any other text and for lengths that are not positive.
std::optional<double> parse_length_m(std::string_view text);

}  // namespace skysense
