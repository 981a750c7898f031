#include "viz/precision_recall_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "viz/line.h"
#include "viz/text.h"

namespace skysense {
namespace {

constexpr int64_t kSide = 400, kLeft = 52, kTop = 40, kBottom = 44, kGap = 20, kLine = 14;
constexpr Colour kInk = {30, 36, 44}, kFaint = {110, 120, 132}, kFrame = {206, 211, 217};

double column_of(double recall) { return static_cast<double>(kLeft) + recall * kSide; }
double row_of(double precision) { return static_cast<double>(kTop) + (1 - precision) * kSide; }

void draw_axes(Picture& picture) {
  for (int step = 0; step <= 5; ++step) {
    const double share = step / 5.0;
    draw_line(picture, column_of(0), row_of(share), column_of(1), row_of(share), kFrame);
    draw_line(picture, column_of(share), row_of(0), column_of(share), row_of(1), kFrame);
    const std::string text = fmt::format("{:.1f}", share);
    draw_text(picture, kLeft - text_length(text) - 6, std::lround(row_of(share)) - kGlyphHeight / 2, text,
              {.colour = kFaint});
    draw_text(picture, std::lround(column_of(share)) - text_length(text) / 2, kTop + kSide + 8, text,
              {.colour = kFaint});
  }
  const std::string across = "recall", up = "precision";
  draw_text(picture, kLeft + (kSide - text_length(across)) / 2, kTop + kSide + 26, across, {.colour = kInk});
  draw_text(picture, 6, kTop + (kSide + text_length(up)) / 2, up, {.colour = kInk, .upwards = true});
}

}  // namespace

Picture precision_recall_picture(const std::vector<PrecisionRecallLine>& lines, const std::string& title) {
  int64_t longest = 0;
  for (const PrecisionRecallLine& line : lines) longest = std::max(longest, text_length(line.name));
  const int64_t height = std::max(kSide, kLine * static_cast<int64_t>(lines.size()));
  Picture picture(kLeft + kSide + kGap + kLine + longest + kGap, kTop + height + kBottom);
  draw_text(picture, kLeft, 12, title, {.colour = kInk, .scale = 2});
  draw_axes(picture);
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto& points = lines[i].points;
    for (size_t k = 1; k < points.size(); ++k) {
      draw_line(picture, column_of(points[k - 1].first), row_of(points[k - 1].second), column_of(points[k].first),
                row_of(points[k].second), lines[i].colour);
    }
    const int64_t top = kTop + kLine * static_cast<int64_t>(i), left = kLeft + kSide + kGap;
    for (int64_t y = 0; y < kGlyphHeight; ++y) {
      for (int64_t x = 0; x < kGlyphHeight; ++x) picture.blend(left + x, top + y, lines[i].colour);
    }
    draw_text(picture, left + kLine, top, lines[i].name, {.colour = kInk});
  }
  return picture;
}

}  // namespace skysense
