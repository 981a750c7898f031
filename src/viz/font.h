#pragma once

#include <array>
#include <cstdint>

namespace skysense {

/// A glyph as five columns from left to right; bit 0 is the top row, descenders use bit 7.
using Glyph = std::array<uint8_t, 5>;

/// The glyph of a code point; a hollow box where it is not printable ASCII.
const Glyph& glyph_of(uint32_t code_point);

}  // namespace skysense
