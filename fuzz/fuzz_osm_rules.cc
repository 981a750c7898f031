#include <cmath>

#include "core/osm_rules.h"
#include "fuzz/target.h"

/// Reads the input as a rules file and as a text of tags. Rules that are read must be usable on any tags; tags that are
/// read must be written as ones that read the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using skysense::OsmGeometry, skysense::OsmTags;
  const std::string text = skysense::fuzz::text_of(bytes, size);
  OsmTags tags = {{"highway", "primary"}, {"width", text}, {"lanes", text.substr(0, 3)}};
  if (const auto read = skysense::parse_hstore(text)) {
    if (skysense::parse_hstore(skysense::format_hstore(*read)) != read) __builtin_trap();
    tags.insert(read->begin(), read->end());
  }
  const auto length = skysense::parse_length_m(text);
  if (length && !(*length > 0 && std::isfinite(*length))) __builtin_trap();
  return skysense::fuzz::refuses_or_reads([&] {
    const auto rules = skysense::parse_osm_rules(text, "fuzz");
    if (rules.classes.empty() || rules.classes.size() > 255 || rules.rules.empty()) __builtin_trap();
    for (const skysense::OsmRule& rule : rules.rules) {
      if (rule.class_number >= rules.classes.size() || rule.name.empty()) __builtin_trap();
      for (const OsmGeometry kind : {OsmGeometry::kLine, OsmGeometry::kPoint}) {
        const double width = rule.takes(kind) ? rule.width_of(tags, kind) : 1;
        if (!(width > 0 && width <= 400)) __builtin_trap();
      }
    }
    for (const OsmGeometry kind : {OsmGeometry::kArea, OsmGeometry::kLine, OsmGeometry::kPoint}) {
      const auto match = rules.match(tags, kind);
      if (match && !rules.rules.at(*match).takes(kind)) __builtin_trap();
    }
  });
}
