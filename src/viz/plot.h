#pragma once

#include <string>
#include <utility>
#include <vector>

namespace skysense {

/// One line of a plot; points that are not finite leave a gap.
struct PlotSeries {
  std::string name;
  std::vector<std::pair<double, double>> points;  ///< (x, y), by rising x
};

/// Lines over a common axis.
struct Plot {
  std::string title, x_label, y_label;
  std::vector<PlotSeries> series;
  bool logarithmic_y = false;  ///< values that are not positive then leave a gap
};

/// The plot as an `<svg>` element without any outside resource; colours for a dark page.
std::string svg_of(const Plot& plot);

/// Round numbers that divide [low, high] into about `count` steps: 1, 2 or 5 times a power of ten.
std::vector<double> axis_ticks(double low, double high, int count);

}  // namespace skysense
