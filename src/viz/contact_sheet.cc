#include "viz/contact_sheet.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "viz/text.h"

namespace skysense {
namespace {

constexpr int64_t kGap = 8;
constexpr Colour kGround = {27, 32, 39}, kInk = {200, 208, 217};

/// The mean colour of the source pixels in [x0, x1) x [y0, y1).
Colour mean_colour(const Picture& picture, int64_t x0, int64_t x1, int64_t y0, int64_t y1) {
  std::array<int64_t, 4> sum{};
  for (int64_t y = y0; y < y1; ++y) {
    for (int64_t x = x0; x < x1; ++x) {
      const Colour c = picture.colour(x, y);
      sum[0] += c.red, sum[1] += c.green, sum[2] += c.blue, sum[3] += c.alpha;
    }
  }
  const int64_t n = (x1 - x0) * (y1 - y0);
  const auto mean = [&](size_t i) { return static_cast<uint8_t>((sum[i] + n / 2) / n); };
  return {mean(0), mean(1), mean(2), mean(3)};
}

/// Draws the picture centred into a square of `cell` pixels, its sides in proportion.
void draw_fitted(Picture& sheet, const Picture& picture, int64_t left, int64_t top, int64_t cell) {
  const int64_t longer = std::max(picture.width, picture.height);
  const int64_t factor = std::max<int64_t>(1, cell / longer);
  const int64_t width = longer <= cell ? picture.width * factor : std::max<int64_t>(1, picture.width * cell / longer);
  const int64_t height =
      longer <= cell ? picture.height * factor : std::max<int64_t>(1, picture.height * cell / longer);
  for (int64_t y = 0; y < height; ++y) {
    const int64_t y0 = y * picture.height / height, y1 = std::max(y0 + 1, (y + 1) * picture.height / height);
    for (int64_t x = 0; x < width; ++x) {
      const int64_t x0 = x * picture.width / width, x1 = std::max(x0 + 1, (x + 1) * picture.width / width);
      sheet.blend(left + (cell - width) / 2 + x, top + (cell - height) / 2 + y, mean_colour(picture, x0, x1, y0, y1));
    }
  }
}

std::string cut_to(const std::string& text, int64_t pixels) {
  return text_length(text) <= pixels
             ? text
             : text.substr(0, static_cast<size_t>(std::max<int64_t>(1, pixels / kGlyphAdvance - 2))) + "..";
}

}  // namespace

Picture contact_sheet(const std::vector<CaptionedPicture>& pictures, const ContactSheetOptions& options) {
  if (pictures.empty() || options.columns < 1 || options.cell < 1)
    throw std::logic_error("a contact sheet needs pictures, columns and cells");
  const auto count = static_cast<int64_t>(pictures.size());
  const int64_t columns = std::min(options.columns, count), rows = (count + columns - 1) / columns;
  const int64_t row_height = options.cell + kGap + kGlyphHeight + 1;
  Picture sheet(kGap + columns * (options.cell + kGap), kGap + rows * (row_height + kGap), 3, kGround);
  for (int64_t i = 0; i < count; ++i) {
    const auto& [picture, caption] = pictures[static_cast<size_t>(i)];
    const int64_t left = kGap + i % columns * (options.cell + kGap), top = kGap + i / columns * (row_height + kGap);
    draw_fitted(sheet, picture, left, top, options.cell);
    draw_text(sheet, left, top + options.cell + kGap / 2, cut_to(caption, options.cell), {.colour = kInk});
  }
  return sheet;
}

}  // namespace skysense
