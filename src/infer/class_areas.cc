#include "infer/class_areas.h"

#include <algorithm>
#include <cmath>

#include "core/log.h"
#include "raster/pixel_area.h"
#include "raster/raster_reader.h"

namespace skysense {
namespace {

constexpr int64_t kRows = 64;             // read at once
constexpr double kSquareMetres = 10'000;  // a hectare
constexpr double kStretch = 0.02;         // worth a warning

void warn_of_stretch(const RasterReader& map) {
  const auto stretch = area_stretch(map.georeference(), map.width(), map.height());
  if (!stretch || std::abs(*stretch - 1) <= kStretch) return;
  spdlog::warn(
      "the areas are those of the projection, {:.3g} times the ground's here; for true ones bring the scene onto an "
      "equal-area projection, or UTM, first",
      *stretch);
}

}  // namespace

ClassAreas measure_classes(const std::filesystem::path& map, int64_t classes) {
  const RasterReader reader(map.string());
  const auto area = PixelArea::of(reader.georeference());
  ClassAreas result{.pixels = std::vector<int64_t>(static_cast<size_t>(classes)), .hectares = {}};
  if (area) result.hectares.resize(static_cast<size_t>(classes));
  if (area) warn_of_stretch(reader);
  const auto bands = band_range(1);
  const int64_t width = reader.width();
  std::vector<float> values(static_cast<size_t>(width * kRows));
  std::vector<uint8_t> valid(values.size());
  for (int64_t top = 0; top < reader.height(); top += kRows) {
    const int64_t rows = std::min(kRows, reader.height() - top);
    reader.read({0, top, width, rows}, bands, values.data(), valid.data());
    for (int64_t row = 0; row < rows; ++row) {
      std::vector<int64_t> counts(static_cast<size_t>(classes));
      for (int64_t column = 0; column < width; ++column) {
        const auto i = static_cast<size_t>(row * width + column);
        const auto value = static_cast<size_t>(values[i]);
        if (valid[i] == 0 || value >= counts.size()) continue;
        ++counts[value];
        if (area && !area->same_along_rows())
          result.hectares[value] += area->square_metres(top + row, column) / kSquareMetres;
      }
      for (size_t value = 0; value < counts.size(); ++value) {
        result.pixels[value] += counts[value];
        if (area && area->same_along_rows())
          result.hectares[value] +=
              static_cast<double>(counts[value]) * area->square_metres(top + row, 0) / kSquareMetres;
      }
    }
  }
  return result;
}

}  // namespace skysense
