#pragma once

#include <cstdint>
#include <string_view>

#include "viz/picture.h"

namespace skysense {

/// Text in pictures: a fixed 5x7 pixel font for printable ASCII, each pixel drawn as `scale` x `scale`. Any other
/// character of a UTF-8 text shows as a hollow box.
struct TextStyle {
  Colour colour = {30, 36, 44};
  int64_t scale = 1;
  bool upwards = false;  ///< turned by 90 degrees, read from bottom to top
};

/// Height of a line of capitals and digits in pixels, and the advance from one character to the next.
inline constexpr int64_t kGlyphHeight = 7, kGlyphAdvance = 6;

/// Length of the text along its line in pixels.
int64_t text_length(std::string_view text, int64_t scale = 1);

/// Draws with the upper-left corner of the first glyph (the lower-left one where `upwards`) at (x, y); what lies
/// outside the picture is cut off.
void draw_text(Picture& picture, int64_t x, int64_t y, std::string_view text, const TextStyle& style = {});

}  // namespace skysense
