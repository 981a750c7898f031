#include "raster/resample.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace skysense {
namespace {

// Rounding in coordinates must not mix a trace of the neighbour into a cell that coincides with a pixel.
constexpr double kSnap = 1e-6;
constexpr double kHalf = 0.5 - 1e-9;

/// Weights of the pixels first, first+1, … along one axis; they sum to 1.
struct AxisWeights {
  int64_t first = 0;
  std::vector<double> weights;
};

void bilinear_axis(double centre, AxisWeights& axis) {
  const double position = centre - 0.5;
  double whole = std::floor(position), rest = position - whole;
  if (rest < kSnap) rest = 0;
  if (rest > 1 - kSnap) {
    whole += 1;
    rest = 0;
  }
  axis.first = static_cast<int64_t>(whole);
  axis.weights.assign({1 - rest, rest});
}

void mean_axis(double centre, double length, AxisWeights& axis) {
  const double begin = centre - length / 2, end = centre + length / 2;
  axis.first = static_cast<int64_t>(std::floor(begin + kSnap));
  const int64_t last = static_cast<int64_t>(std::ceil(end - kSnap));
  axis.weights.clear();
  for (int64_t i = axis.first; i < last; ++i) {
    const double covered = std::min(end, i + 1.0) - std::max(begin, static_cast<double>(i));
    axis.weights.push_back(std::max(covered, 0.0) / length);
  }
}

void fill_axis(double centre, double length, AxisWeights& axis) {
  length > 1 + kSnap ? mean_axis(centre, length, axis) : bilinear_axis(centre, axis);
}

}  // namespace

bool sample_cell(const PixelPatch& patch, PixelPoint centre, const CellFootprint& footprint, Resampling resampling,
                 float* values, int64_t band_stride) {
  for (int64_t band = 0; band < patch.bands; ++band) values[band * band_stride] = 0;
  if (!std::isfinite(centre.x) || !std::isfinite(centre.y)) return false;
  const PixelWindow& window = patch.window;
  const int64_t plane = window.pixels();
  if (resampling == Resampling::kNearest) {
    const int64_t x = static_cast<int64_t>(std::floor(centre.x + kSnap)) - window.x;
    const int64_t y = static_cast<int64_t>(std::floor(centre.y + kSnap)) - window.y;
    if (x < 0 || y < 0 || x >= window.width || y >= window.height) return false;
    const int64_t pixel = y * window.width + x;
    if (patch.valid[pixel] == 0) return false;
    for (int64_t band = 0; band < patch.bands; ++band) values[band * band_stride] = patch.values[band * plane + pixel];
    return true;
  }

  thread_local AxisWeights columns, rows;
  thread_local std::vector<double> sums;
  fill_axis(centre.x, footprint.width, columns);
  fill_axis(centre.y, footprint.height, rows);
  sums.assign(static_cast<size_t>(patch.bands), 0.0);
  double covered = 0;
  for (size_t j = 0; j < rows.weights.size(); ++j) {
    const int64_t y = rows.first + static_cast<int64_t>(j) - window.y;
    if (y < 0 || y >= window.height) continue;
    for (size_t i = 0; i < columns.weights.size(); ++i) {
      const int64_t x = columns.first + static_cast<int64_t>(i) - window.x;
      const double weight = rows.weights[j] * columns.weights[i];
      if (x < 0 || x >= window.width || weight == 0) continue;
      const int64_t pixel = y * window.width + x;
      if (patch.valid[pixel] == 0) continue;
      covered += weight;
      for (int64_t band = 0; band < patch.bands; ++band) {
        sums[static_cast<size_t>(band)] += weight * static_cast<double>(patch.values[band * plane + pixel]);
      }
    }
  }
  if (covered < kHalf) return false;
  for (int64_t band = 0; band < patch.bands; ++band) {
    values[band * band_stride] = static_cast<float>(sums[static_cast<size_t>(band)] / covered);
  }
  return true;
}

}  // namespace skysense
