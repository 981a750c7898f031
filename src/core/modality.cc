#include "core/modality.h"

#include <fmt/format.h>

#include "core/error.h"

namespace skysense {

std::string_view modality_name(Modality modality) {
  constexpr std::array<std::string_view, kModalityCount> names = {"hr", "ms", "sar"};
  return names[static_cast<int>(modality)];
}

Modality parse_modality(std::string_view name) {
  for (const Modality modality : kModalities) {
    if (modality_name(modality) == name) return modality;
  }
  throw DataError(fmt::format("unknown modality '{}': it is hr, ms or sar", name));
}

}  // namespace skysense
