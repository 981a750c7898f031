#include "synth/misregistration.h"

#include <cmath>

namespace skysense::synth {
namespace {

/// Side of an image of so many values.
int64_t side_of(size_t pixels) { return static_cast<int64_t>(std::sqrt(static_cast<double>(pixels)) + 0.5); }

/// The four cells that a moved pixel is made of, and what each is worth.
struct Mixture {
  int64_t stride;
  int64_t step_x, step_y;  ///< from the pixel's own cell to the upper left of the four
  float right, lower;      ///< weights of the right and the lower ones

  Mixture(int64_t side, Offset offset)
      : stride(side),
        step_x(floor_int(offset.east)),
        step_y(floor_int(offset.south)),
        right(offset.east - static_cast<float>(step_x)),
        lower(offset.south - static_cast<float>(step_y)) {}

  /// `value(cell)` of the bordered image at pixel (row, column) of the image without a border.
  template <class Value>
  float at(int64_t row, int64_t column, const Value& value) const {
    const int64_t x = column + 1 + step_x, y = row + 1 + step_y;
    const int64_t next_x = right > 0 ? 1 : 0, next_y = lower > 0 ? stride : 0;
    const int64_t cell = y * stride + x;
    const float upper_row = value(cell) + right * (value(cell + next_x) - value(cell));
    const float lower_row = value(cell + next_y) + right * (value(cell + next_y + next_x) - value(cell + next_y));
    return upper_row + lower * (lower_row - upper_row);
  }
};

/// Resamples every plane; `read` and `written` turn stored values into what may be averaged and back.
template <class T, class Read, class Written>
std::vector<T> resampled(const std::vector<T>& planes, int64_t bordered, Offset offset, const Read& read,
                         const Written& written) {
  const Mixture mixture(bordered, offset);
  const int64_t side = bordered - 2;
  const auto count = static_cast<int64_t>(planes.size()) / (bordered * bordered);
  std::vector<T> moved;
  moved.reserve(static_cast<size_t>(count * side * side));
  for (int64_t plane = 0; plane < count; ++plane) {
    const T* values = planes.data() + plane * bordered * bordered;
    for (int64_t row = 0; row < side; ++row) {
      for (int64_t column = 0; column < side; ++column)
        moved.push_back(written(mixture.at(row, column, [&](int64_t cell) { return read(values[cell]); })));
    }
  }
  return moved;
}

}  // namespace

Offset offset_of(const RegionStyle& style, int day, int32_t sensor, float most) {
  const uint32_t hash = lattice_hash(style.seed, day, 7100 + sensor);
  return {between(-most, most, unit(hash, 1)), between(-most, most, unit(hash, 2))};
}

MsImage misregistered(const MsImage& bordered, Offset offset) {
  const int64_t side = side_of(bordered.clear.size());
  return {.day_of_year = bordered.day_of_year,
          .dn = resampled(
              bordered.dn, side, offset, [](uint16_t dn) { return static_cast<float>(dn); },
              [](float dn) { return static_cast<uint16_t>(dn + 0.5f); }),
          .clear = resampled(
              bordered.clear, side, offset, [](uint8_t clear) { return clear ? 1.0f : 0.0f; },
              [](float clear) { return static_cast<uint8_t>(clear >= 1); })};
}

SarImage misregistered(const SarImage& bordered, Offset offset) {
  const int64_t side = side_of(bordered.backscatter.size() / 2);
  return {.day_of_year = bordered.day_of_year,
          .backscatter = resampled(bordered.backscatter, side, offset, power_of, decibels)};
}

}  // namespace skysense::synth
