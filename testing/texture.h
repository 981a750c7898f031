#pragma once

#include <cmath>
#include <cstdint>

#include "core/random.h"

namespace skysense::testing {

/// A pixel of a scene for tests, about 10 to 560: waves of some thirty pixels, other ones in every band, under noise.
inline float texture(int64_t band, int64_t row, int64_t column) {
  const uint64_t noise = mix(static_cast<uint64_t>(row * 4 + band), static_cast<uint64_t>(column)) % 100;
  return 260 + 150 * std::sin(0.21f * static_cast<float>(row + band)) +
         100 * std::cos(0.17f * static_cast<float>(column)) + static_cast<float>(noise) / 2;
}

}  // namespace skysense::testing
