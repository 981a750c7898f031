#include "viz/text.h"

#include <vector>

#include "viz/font.h"

namespace skysense {
namespace {

/// One number a character: the byte for ASCII, 0 for anything longer, whose continuation bytes are dropped.
std::vector<uint32_t> characters(std::string_view text) {
  std::vector<uint32_t> result;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if ((byte & 0xc0) == 0x80) continue;
    result.push_back(byte < 0x80 ? byte : 0);
  }
  return result;
}

}  // namespace

int64_t text_length(std::string_view text, int64_t scale) {
  const auto count = static_cast<int64_t>(characters(text).size());
  return count == 0 ? 0 : (count * kGlyphAdvance - 1) * scale;
}

void draw_text(Picture& picture, int64_t x, int64_t y, std::string_view text, const TextStyle& style) {
  int64_t along = 0;
  for (const uint32_t character : characters(text)) {
    const Glyph& glyph = glyph_of(character);
    for (int64_t column = 0; column < 5 * style.scale; ++column) {
      for (int64_t row = 0; row < 8 * style.scale; ++row) {
        if ((glyph[static_cast<size_t>(column / style.scale)] >> (row / style.scale) & 1) == 0) continue;
        if (style.upwards) {
          picture.blend(x + row, y - along - column, style.colour);
        } else {
          picture.blend(x + along + column, y + row, style.colour);
        }
      }
    }
    along += kGlyphAdvance * style.scale;
  }
}

}  // namespace skysense
