#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace skysense {

/// Data that is rendered and not stored: "synth:PLACES[,KEY=VALUE]…".
struct WorldText {
  int64_t places = 0;                    ///< see parse_place_count
  std::vector<std::string> assignments;  ///< "seed=1": their meaning is the reader's
};

/// Nothing where `data` does not begin with "synth:". Throws UsageError for a number of places that is none.
std::optional<WorldText> parse_world_text(const std::string& data);

}  // namespace skysense
