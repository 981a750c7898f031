#include "boxes/roi_taps.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace skysense {
namespace {

/// Where a sample falls between two cells of an axis.
struct Between {
  int64_t low, high;
  double low_weight, high_weight;
};

/// False for samples that count as 0: more than one cell outside of the centres of the map's cells, and NaN.
bool inside(double position, int64_t size) { return position >= -1 && position <= static_cast<double>(size); }

/// `position` counts cells from the centre of the first one; beyond the outer centres it takes the outer cells.
Between between(double position, int64_t size) {
  position = std::max(position, 0.0);
  const auto low = static_cast<int64_t>(position);
  if (low >= size - 1) return {size - 1, size - 1, 1, 0};
  const double part = position - static_cast<double>(low);
  return {low, low + 1, 1 - part, part};
}

/// Samples a side of a bin of `bin` cells: more than the map has cells would tell nothing new.
int64_t sample_count(double bin, int64_t size, int64_t wanted) {
  if (wanted > 0) return wanted;
  if (!(bin > 1)) return bin > 0 ? 1 : 0;
  return static_cast<int64_t>(std::min(std::ceil(bin), static_cast<double>(size) + 2));
}

/// The taps of the bins of one axis, each bin's in rising order of cells where the samples rise.
struct AxisTaps {
  std::vector<int32_t> first, cell;
  std::vector<double> weight;
};

void add_tap(AxisTaps& axis, size_t since, int64_t cell, double weight) {
  if (weight == 0) return;
  for (size_t i = axis.cell.size(); i > since && i + 2 > axis.cell.size(); --i) {
    if (axis.cell[i - 1] == cell) {
      axis.weight[i - 1] += weight;
      return;
    }
  }
  axis.cell.push_back(static_cast<int32_t>(cell));
  axis.weight.push_back(weight);
}

/// Bins from `start` of `bin` cells each along an axis of `size` cells; weights of a bin whose samples are all inside
/// sum to 1.
void make_axis(double start, double bin, int64_t bins, int64_t size, int64_t wanted, AxisTaps& axis) {
  axis.first.assign(1, 0);
  axis.cell.clear();
  axis.weight.clear();
  const int64_t count = sample_count(bin, size, wanted);
  const double share = 1 / static_cast<double>(std::max<int64_t>(count, 1));
  for (int64_t i = 0; i < bins; ++i) {
    const size_t since = axis.cell.size();
    for (int64_t j = 0; j < count; ++j) {
      const double position =
          start + bin * (static_cast<double>(i) + (static_cast<double>(j) + 0.5) / static_cast<double>(count));
      if (!inside(position, size)) continue;
      const Between sample = between(position, size);
      add_tap(axis, since, sample.low, sample.low_weight * share);
      add_tap(axis, since, sample.high, sample.high_weight * share);
    }
    axis.first.push_back(static_cast<int32_t>(axis.cell.size()));
  }
}

void clear(RoiTaps& taps) {
  taps.first.assign(1, 0);
  taps.cell.clear();
  taps.weight.clear();
}

}  // namespace

void make_upright_taps(const double* box, int64_t height, int64_t width, const RoiAlignOptions& options,
                       RoiTaps& taps) {
  thread_local AxisTaps rows, columns;
  // Half a cell: positions count from the centre of the first cell.
  const double left = box[0] * options.scale - 0.5, top = box[1] * options.scale - 0.5;
  const double wide = (box[2] - box[0]) * options.scale, high = (box[3] - box[1]) * options.scale;
  make_axis(top, high / static_cast<double>(options.height), options.height, height, options.samples, rows);
  make_axis(left, wide / static_cast<double>(options.width), options.width, width, options.samples, columns);
  clear(taps);
  for (int64_t i = 0; i < options.height; ++i) {
    for (int64_t j = 0; j < options.width; ++j) {
      for (int32_t r = rows.first[i]; r < rows.first[i + 1]; ++r) {
        for (int32_t c = columns.first[j]; c < columns.first[j + 1]; ++c) {
          taps.cell.push_back(static_cast<int32_t>(rows.cell[r] * width + columns.cell[c]));
          taps.weight.push_back(rows.weight[r] * columns.weight[c]);
        }
      }
      taps.first.push_back(static_cast<int32_t>(taps.cell.size()));
    }
  }
}

void make_rotated_taps(const double* box, int64_t height, int64_t width, const RoiAlignOptions& options,
                       RoiTaps& taps) {
  const double centre_x = box[0] * options.scale - 0.5, centre_y = box[1] * options.scale - 0.5;
  const double wide = box[2] * options.scale, high = box[3] * options.scale;
  const double cosine = std::cos(box[4]), sine = std::sin(box[4]);
  const double bin_width = wide / static_cast<double>(options.width),
               bin_height = high / static_cast<double>(options.height);
  const int64_t longest = std::max(height, width);
  const int64_t rows = sample_count(bin_height, longest, options.samples),
                columns = sample_count(bin_width, longest, options.samples);
  const double share = 1 / static_cast<double>(std::max<int64_t>(rows * columns, 1));
  clear(taps);
  const auto add = [&](int64_t row, int64_t column, double weight) {
    if (weight == 0) return;
    taps.cell.push_back(static_cast<int32_t>(row * width + column));
    taps.weight.push_back(weight * share);
  };
  for (int64_t i = 0; i < options.height; ++i) {
    for (int64_t j = 0; j < options.width; ++j) {
      for (int64_t r = 0; r < rows; ++r) {
        const double y =
            (static_cast<double>(i) + (static_cast<double>(r) + 0.5) / static_cast<double>(rows)) * bin_height -
            high / 2;
        for (int64_t c = 0; c < columns; ++c) {
          const double x =
              (static_cast<double>(j) + (static_cast<double>(c) + 0.5) / static_cast<double>(columns)) * bin_width -
              wide / 2;
          const double column = centre_x + x * cosine - y * sine, row = centre_y + x * sine + y * cosine;
          if (!inside(column, width) || !inside(row, height)) continue;
          const Between across = between(column, width), down = between(row, height);
          add(down.low, across.low, down.low_weight * across.low_weight);
          add(down.low, across.high, down.low_weight * across.high_weight);
          add(down.high, across.low, down.high_weight * across.low_weight);
          add(down.high, across.high, down.high_weight * across.high_weight);
        }
      }
      taps.first.push_back(static_cast<int32_t>(taps.cell.size()));
    }
  }
}

}  // namespace skysense
