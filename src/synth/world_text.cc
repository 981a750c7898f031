#include "synth/world_text.h"

#include <algorithm>
#include <string_view>

#include "synth/synthetic_earth.h"

namespace skysense {

std::optional<WorldText> parse_world_text(const std::string& data) {
  constexpr std::string_view kSynthetic = "synth:";
  if (!data.starts_with(kSynthetic)) return std::nullopt;
  std::string_view text = std::string_view(data).substr(kSynthetic.size());
  const auto next = [&text] {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    return part;
  };
  WorldText world{.places = parse_place_count(next()), .assignments = {}};
  while (!text.empty()) world.assignments.emplace_back(next());
  return world;
}

}  // namespace skysense
