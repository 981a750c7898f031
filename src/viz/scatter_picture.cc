#include "viz/scatter_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "core/random.h"
#include "viz/text.h"

namespace skysense {
namespace {

constexpr int64_t kMargin = 16, kGap = 8, kTitleScale = 2, kSwatch = 12;
constexpr Colour kInk = {30, 36, 44}, kFrame = {206, 211, 217};
constexpr size_t kLongestName = 28, kMostInLegend = 60;
constexpr uint8_t kOpacity = 190;  // dense places look dense

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  double middle() const { return (low + high) / 2; }
};

/// A disc whose edge fades over a pixel.
void draw_disc(Picture& picture, double x, double y, double radius, Colour colour) {
  const auto reach = static_cast<int64_t>(std::ceil(radius)) + 1;
  const auto column = static_cast<int64_t>(std::floor(x)), row = static_cast<int64_t>(std::floor(y));
  for (int64_t j = row - reach; j <= row + reach; ++j) {
    for (int64_t i = column - reach; i <= column + reach; ++i) {
      const double distance = std::hypot(static_cast<double>(i) + 0.5 - x, static_cast<double>(j) + 0.5 - y);
      const double share = std::clamp(radius + 0.5 - distance, 0.0, 1.0);
      if (share <= 0) continue;
      Colour faded = colour;
      faded.alpha = static_cast<uint8_t>(std::lround(colour.alpha * share));
      picture.blend(i, j, faded);
    }
  }
}

void fill(Picture& picture, int64_t x, int64_t y, int64_t width, int64_t height, Colour colour) {
  for (int64_t row = y; row < y + height; ++row) {
    for (int64_t column = x; column < x + width; ++column) picture.blend(column, row, colour);
  }
}

void draw_frame(Picture& picture, int64_t x, int64_t y, int64_t side) {
  fill(picture, x, y, side, 1, kFrame);
  fill(picture, x, y + side - 1, side, 1, kFrame);
  fill(picture, x, y, 1, side, kFrame);
  fill(picture, x + side - 1, y, 1, side, kFrame);
}

/// The numbers 0 to count - 1 in an order that mixes them, always the same.
std::vector<int64_t> mixed_order(int64_t count) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  RandomStream stream(1, 0, 0, "scatter");
  for (int64_t i = count - 1; i > 0; --i)
    std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(stream.below(i + 1))]);
  return order;
}

void draw_points(Picture& picture, const Scatter& scatter, int64_t left, int64_t top) {
  const auto count = static_cast<int64_t>(scatter.groups.size());
  std::array<Range, 2> ranges;
  for (int64_t i = 0; i < 2 * count; ++i) {
    const double value = scatter.xy[static_cast<size_t>(i)];
    Range& range = ranges[static_cast<size_t>(i % 2)];
    if (!std::isfinite(value)) continue;
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
  }
  const double radius = std::clamp(110 / std::sqrt(static_cast<double>(std::max<int64_t>(count, 1))), 1.2, 5.0);
  const double extent = std::max({ranges[0].high - ranges[0].low, ranges[1].high - ranges[1].low, 1e-12});
  const double scale = (static_cast<double>(scatter.side) - 4 * radius - 4) / extent;  // one for both axes
  const double middle = static_cast<double>(scatter.side) / 2;
  for (const int64_t i : mixed_order(count)) {
    const double x = scatter.xy[static_cast<size_t>(2 * i)], y = scatter.xy[static_cast<size_t>(2 * i + 1)];
    if (!std::isfinite(x) || !std::isfinite(y)) continue;
    Colour colour = group_colour(scatter.groups[static_cast<size_t>(i)], static_cast<int64_t>(scatter.names.size()));
    colour.alpha = kOpacity;
    draw_disc(picture, static_cast<double>(left) + middle + (x - ranges[0].middle()) * scale,
              static_cast<double>(top) + middle - (y - ranges[1].middle()) * scale, radius, colour);
  }
}

std::vector<std::string> legend_lines(const Scatter& scatter) {
  std::vector<int64_t> counts(scatter.names.size());
  for (const int64_t group : scatter.groups) ++counts[static_cast<size_t>(group)];
  std::vector<std::string> lines;
  for (size_t i = 0; i < scatter.names.size() && i < kMostInLegend; ++i) {
    const std::string& name = scatter.names[i];
    lines.push_back(fmt::format("{} ({})", name.size() <= kLongestName ? name : name.substr(0, kLongestName - 2) + "..",
                                counts[i]));
  }
  if (scatter.names.size() > kMostInLegend)
    lines.push_back(fmt::format("and {} more", scatter.names.size() - kMostInLegend));
  return lines;
}

}  // namespace

Colour group_colour(int64_t number, int64_t count) {
  // Okabe and Ito's colours without black and white, for all kinds of colour vision; then Tol's muted ones.
  static constexpr std::array<Colour, 14> kColours = {{{0, 114, 178},
                                                       {230, 159, 0},
                                                       {0, 158, 115},
                                                       {204, 121, 167},
                                                       {213, 94, 0},
                                                       {86, 180, 233},
                                                       {240, 228, 66},
                                                       {51, 34, 136},
                                                       {136, 34, 85},
                                                       {17, 119, 51},
                                                       {170, 68, 153},
                                                       {153, 153, 51},
                                                       {204, 102, 119},
                                                       {68, 170, 153}}};
  if (count <= static_cast<int64_t>(kColours.size())) return kColours[static_cast<size_t>(number)];
  // Round the circle, in two brightnesses by turns.
  const double hue = 6.0 * static_cast<double>(number) / static_cast<double>(count);
  const double value = number % 2 == 0 ? 225 : 150;
  const auto part = [&](double shift) {
    const double k = std::fmod(shift + hue, 6.0);
    return static_cast<uint8_t>(std::lround(value * (1 - 0.8 * std::clamp(std::min(k, 4 - k), 0.0, 1.0))));
  };
  return {part(5), part(3), part(1)};
}

Picture scatter_picture(const Scatter& scatter) {
  const bool named = std::all_of(scatter.groups.begin(), scatter.groups.end(), [&](int64_t group) {
    return group >= 0 && group < static_cast<int64_t>(scatter.names.size());
  });
  if (!named || scatter.xy.size() != 2 * scatter.groups.size() || scatter.side < 1)
    throw std::logic_error("scatter_picture: points without a group, or groups without a name");
  const std::vector<std::string> lines = legend_lines(scatter);
  const int64_t text_scale = lines.size() <= 32 ? 2 : 1;
  const int64_t line_height = kGlyphHeight * text_scale + kGap;
  int64_t longest = 0;
  for (const std::string& line : lines) longest = std::max(longest, text_length(line, text_scale));
  const int64_t top = kMargin + kGlyphHeight * kTitleScale + kGap;
  const int64_t legend = kMargin + scatter.side + 2 * kGap;
  const int64_t width = std::max(legend + kSwatch + kGap + longest, kMargin + text_length(scatter.title, kTitleScale));
  const int64_t height = std::max(scatter.side, static_cast<int64_t>(lines.size()) * line_height);
  Picture picture(width + kMargin, top + height + kMargin);
  draw_text(picture, kMargin, kMargin, scatter.title, {.colour = kInk, .scale = kTitleScale});
  draw_frame(picture, kMargin, top, scatter.side);
  draw_points(picture, scatter, kMargin, top);
  for (size_t i = 0; i < lines.size(); ++i) {
    const int64_t y = top + static_cast<int64_t>(i) * line_height;
    if (i < std::min(scatter.names.size(), kMostInLegend)) {
      draw_disc(picture, static_cast<double>(legend) + kSwatch / 2.0,
                static_cast<double>(y + kGlyphHeight * text_scale / 2), kSwatch / 2.0 - 1,
                group_colour(static_cast<int64_t>(i), static_cast<int64_t>(scatter.names.size())));
    }
    draw_text(picture, legend + kSwatch + kGap, y, lines[i], {.colour = kInk, .scale = text_scale});
  }
  return picture;
}

Picture side_by_side(const std::vector<Picture>& pictures) {
  int64_t width = 0, height = 0;
  for (const Picture& picture : pictures) {
    width += picture.width;
    height = std::max(height, picture.height);
  }
  Picture joined(width, height);
  int64_t left = 0;
  for (const Picture& picture : pictures) {
    for (int64_t y = 0; y < picture.height; ++y) {
      for (int64_t x = 0; x < picture.width; ++x) joined.blend(left + x, y, picture.colour(x, y));
    }
    left += picture.width;
  }
  return joined;
}

}  // namespace skysense
