#include "viz/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/markup.h"

namespace skysense {
namespace {

constexpr double kWidth = 640, kHeight = 300;
constexpr double kLeft = 78, kRight = 16, kTop = 34, kBottom = 44;
constexpr double kLegendLine = 16;
constexpr std::array<const char*, 8> kColours = {"#6cb6ff", "#f69d50", "#6bc46d", "#dcbdfb",
                                                 "#ff938a", "#39c5cf", "#daaa3f", "#fc8dc7"};
// More points than pixels only make the page heavier.
constexpr size_t kMaxPoints = 1200;

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return !(low <= high); }
  /// A range of some width, so that a constant line stands in the middle.
  void widen(double share) {
    const double width = high > low ? high - low : std::max(1e-12, std::abs(low)) * 2;
    if (high <= low || share > 0) {
      const double margin = high > low ? width * share : width / 2;
      low -= margin;
      high += margin;
    }
  }
};

/// Data to pixels of the SVG.
class Axes {
 public:
  explicit Axes(const Plot& plot) : logarithmic_(plot.logarithmic_y) {
    for (const PlotSeries& series : plot.series) {
      for (const auto& [x, y] : series.points) {
        if (!shows(x, y)) continue;
        x_.include(x);
        y_.include(scaled(y));
      }
    }
    if (x_.empty()) x_ = {0, 1}, y_ = {0, 1};
    x_.widen(0);
    y_.widen(0.05);
  }
  bool shows(double x, double y) const { return std::isfinite(x) && std::isfinite(y) && (!logarithmic_ || y > 0); }
  double px(double x) const { return kLeft + (x - x_.low) / (x_.high - x_.low) * (kWidth - kLeft - kRight); }
  double py(double y) const { return from_scaled(scaled(y)); }
  std::vector<double> x_ticks() const { return axis_ticks(x_.low, x_.high, 6); }
  std::vector<double> y_ticks() const {
    if (!logarithmic_) return axis_ticks(y_.low, y_.high, 5);
    std::vector<double> ticks;
    for (double power = std::ceil(y_.low); power <= y_.high; ++power) ticks.push_back(std::pow(10, power));
    // Less than two powers of ten in sight: round numbers between them serve better.
    return ticks.size() >= 2 ? ticks : axis_ticks(std::pow(10, y_.low), std::pow(10, y_.high), 5);
  }

 private:
  double scaled(double y) const { return logarithmic_ ? std::log10(y) : y; }
  double from_scaled(double y) const {
    return kHeight - kBottom - (y - y_.low) / (y_.high - y_.low) * (kHeight - kTop - kBottom);
  }
  const bool logarithmic_;
  Range x_, y_;
};

std::string number_text(double value) { return fmt::format("{:.6g}", value); }

std::string grid(const Axes& axes) {
  std::string svg;
  for (double x : axes.x_ticks()) {
    svg += fmt::format(
        "<path stroke=\"#2a313a\" d=\"M{0:.1f} {1}V{2}\"/><text x=\"{0:.1f}\" y=\"{3}\" "
        "text-anchor=\"middle\">{4}</text>",
        axes.px(x), kTop, kHeight - kBottom, kHeight - kBottom + 16, number_text(x));
  }
  for (double y : axes.y_ticks()) {
    svg += fmt::format(
        "<path stroke=\"#2a313a\" d=\"M{0} {1:.1f}H{2}\"/><text x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>",
        kLeft, axes.py(y), kWidth - kRight, kLeft - 6, axes.py(y) + 4, number_text(y));
  }
  return svg;
}

std::string line(const PlotSeries& series, const Axes& axes, const char* colour) {
  const size_t stride = std::max<size_t>(1, (series.points.size() + kMaxPoints - 1) / kMaxPoints);
  std::string path;
  bool pen_down = false;
  size_t drawn = 0;
  std::pair<double, double> last;
  for (size_t i = 0; i < series.points.size(); ++i) {
    if (i % stride != 0 && i + 1 != series.points.size()) continue;
    const auto& [x, y] = series.points[i];
    if (!axes.shows(x, y)) {
      pen_down = false;
      continue;
    }
    path += fmt::format("{}{:.1f} {:.1f}", pen_down ? "L" : "M", axes.px(x), axes.py(y));
    pen_down = true;
    last = series.points[i];
    ++drawn;
  }
  std::string svg = fmt::format(
      "<path class=\"line\" fill=\"none\" stroke-width=\"1.6\" stroke-linejoin=\"round\" stroke=\"{}\" d=\"{}\"/>",
      colour, path);
  // A single point has no length to be seen by.
  if (drawn == 1)
    svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>", axes.px(last.first),
                       axes.py(last.second), colour);
  return svg;
}

std::string legend(const Plot& plot) {
  std::string svg;
  for (size_t i = 0; i < plot.series.size(); ++i) {
    const double y = kHeight + kLegendLine * static_cast<double>(i / 3) + 8;
    const double x = kLeft + static_cast<double>(i % 3) * (kWidth - kLeft - kRight) / 3;
    svg += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"12\" height=\"3\" fill=\"{}\"/><text x=\"{:.1f}\" "
        "y=\"{:.1f}\">{}</text>",
        x, y - 4, kColours[i % kColours.size()], x + 18, y, escape_markup(plot.series[i].name));
  }
  return svg;
}

}  // namespace

std::vector<double> axis_ticks(double low, double high, int count) {
  if (!(high > low) || count < 1) return {low};
  const double raw = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  const double fraction = raw / power;
  const double step = power * (fraction <= 1 ? 1 : fraction <= 2 ? 2 : fraction <= 5 ? 5 : 10);
  std::vector<double> ticks;
  for (double i = std::ceil(low / step - 1e-9); i * step <= high + step * 1e-9; ++i)
    ticks.push_back(i == 0 ? 0 : i * step);
  return ticks;
}

std::string svg_of(const Plot& plot) {
  const Axes axes(plot);
  const bool named = plot.series.size() > 1;
  const double legend_rows = named ? std::ceil(static_cast<double>(plot.series.size()) / 3) : 0;
  const double height = kHeight + legend_rows * kLegendLine + (named ? 4 : 0);
  std::string svg = fmt::format(
      "<svg class=\"plot\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\" fill=\"#8b96a3\" font-size=\"12\" "
      "font-family=\"system-ui, sans-serif\"><text x=\"{}\" y=\"20\" fill=\"#d7dde4\" font-size=\"14\" "
      "font-weight=\"600\">{}</text>",
      kWidth, height, escape_markup(plot.title), kLeft, escape_markup(plot.title));
  svg += grid(axes);
  for (size_t i = 0; i < plot.series.size(); ++i) svg += line(plot.series[i], axes, kColours[i % kColours.size()]);
  svg += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>", (kLeft + kWidth - kRight) / 2,
                     kHeight - 10, escape_markup(plot.x_label));
  svg += fmt::format("<text transform=\"translate(14 {:.1f}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
                     (kTop + kHeight - kBottom) / 2, escape_markup(plot.y_label));
  if (named) svg += legend(plot);
  return svg + "</svg>";
}

}  // namespace skysense
