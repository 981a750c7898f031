#include "viz/confusion_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "viz/text.h"

namespace skysense {
namespace {

constexpr int64_t kMargin = 16, kGap = 6, kTitleScale = 2;
constexpr Colour kInk = {30, 36, 44}, kFaint = {110, 120, 132}, kLine = {226, 230, 235};
constexpr Colour kRight = {20, 88, 160}, kWrong = {214, 90, 20}, kPaper = {255, 255, 255};
constexpr size_t kLongestName = 28;

std::string shortened(const std::string& name) {
  return name.size() <= kLongestName ? name : name.substr(0, kLongestName - 2) + "..";
}

Colour mixed(Colour colour, double share) {
  const auto part = [&](uint8_t full) { return static_cast<uint8_t>(255 + (full - 255) * share + 0.5); };
  return {part(colour.red), part(colour.green), part(colour.blue)};
}

void fill(Picture& picture, int64_t x, int64_t y, int64_t width, int64_t height, Colour colour) {
  for (int64_t row = y; row < y + height; ++row) {
    for (int64_t column = x; column < x + width; ++column) picture.blend(column, row, colour);
  }
}

/// Where the parts of the picture lie, in pixels.
struct Layout {
  int64_t text_scale, cell, left, top, side;
  Layout(const std::vector<std::vector<int64_t>>& counts, const std::vector<std::string>& names) {
    const auto classes = static_cast<int64_t>(names.size());
    int64_t largest = 0, longest = 0;
    for (const auto& row : counts) largest = std::max(largest, *std::max_element(row.begin(), row.end()));
    text_scale = classes <= 12 ? 2 : 1;
    for (const std::string& name : names) longest = std::max(longest, text_length(shortened(name), text_scale));
    cell = std::max(text_length(std::to_string(largest), text_scale), kGlyphHeight * text_scale) + 5 * text_scale;
    left = kMargin + kGlyphHeight + kGap + longest + kGap;
    top = kMargin + kGlyphHeight * kTitleScale + 2 * kGap + kGlyphHeight + 2 * kGap + longest + kGap;
    side = classes * cell;
  }
};

}  // namespace

Picture confusion_picture(const std::vector<std::vector<int64_t>>& counts, const std::vector<std::string>& classes,
                          const std::string& title) {
  const bool square =
      counts.size() == classes.size() && !counts.empty() &&
      std::all_of(counts.begin(), counts.end(), [&](const auto& row) { return row.size() == classes.size(); });
  if (!square)
    throw std::logic_error(fmt::format("a confusion matrix of {} rows for {} classes", counts.size(), classes.size()));
  const Layout at(counts, classes);
  const int64_t accuracy_width = text_length("100.0%", at.text_scale) + 2 * kGap;
  const int64_t width =
      std::max(at.left + at.side + accuracy_width, kMargin + text_length(title, kTitleScale)) + kMargin;
  Picture picture(width, at.top + at.side + kMargin, 3, kPaper);
  const TextStyle names{.colour = kInk, .scale = at.text_scale},
      upward_names{.colour = kInk, .scale = at.text_scale, .upwards = true};

  draw_text(picture, kMargin, kMargin, title, {.colour = kInk, .scale = kTitleScale});
  draw_text(picture, at.left + (at.side - text_length("predicted")) / 2,
            kMargin + kGlyphHeight * kTitleScale + 2 * kGap, "predicted", {.colour = kFaint});
  draw_text(picture, kMargin, at.top + (at.side + text_length("truth")) / 2, "truth",
            {.colour = kFaint, .upwards = true});

  const auto count = static_cast<int64_t>(classes.size());
  const int64_t inset = (at.cell - kGlyphHeight * at.text_scale) / 2;
  for (int64_t r = 0; r < count; ++r) {
    const auto& row = counts[static_cast<size_t>(r)];
    const int64_t y = at.top + r * at.cell;
    const std::string name = shortened(classes[static_cast<size_t>(r)]);
    draw_text(picture, at.left - kGap - text_length(name, at.text_scale), y + inset, name, names);
    draw_text(picture, at.left + r * at.cell + inset, at.top - kGap - 1, name, upward_names);
    const int64_t samples = std::accumulate(row.begin(), row.end(), int64_t{0});
    for (int64_t c = 0; c < count; ++c) {
      const int64_t value = row[static_cast<size_t>(c)], x = at.left + c * at.cell;
      const double share = samples > 0 ? static_cast<double>(value) / static_cast<double>(samples) : 0;
      fill(picture, x, y, at.cell, at.cell, kLine);
      fill(picture, x, y, at.cell - 1, at.cell - 1, mixed(r == c ? kRight : kWrong, share));
      if (value == 0) continue;
      const std::string text = std::to_string(value);
      draw_text(picture, x + (at.cell - text_length(text, at.text_scale)) / 2, y + inset, text,
                {.colour = share > 0.45 ? kPaper : kInk, .scale = at.text_scale});
    }
    const std::string accuracy =
        samples > 0 ? fmt::format("{:5.1f}%", 100.0 * static_cast<double>(row[static_cast<size_t>(r)]) /
                                                  static_cast<double>(samples))
                    : "-";
    draw_text(picture, at.left + at.side + 2 * kGap, y + inset, accuracy, {.colour = kFaint, .scale = at.text_scale});
  }
  return picture;
}

}  // namespace skysense
