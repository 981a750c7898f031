#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <vector>

#include "core/sensor_contract.h"
#include "raster/raster_writer.h"

namespace skysense::testing {

/// Where a test raster lies: UTM 31N, north up.
struct Place {
  double x = 500'000, y = 5'600'000, pixel = 10;
  int64_t width = 64, height = 64;
  const char* crs = "EPSG:32631";  ///< null: no georeference
};

/// Writes a GeoTIFF whose values are a function of band, row and column.
inline std::filesystem::path write_scene(const std::filesystem::path& file, const Place& place, int64_t bands,
                                         PixelType type,
                                         const std::function<float(int64_t band, int64_t row, int64_t column)>& value,
                                         std::optional<double> nodata = {}) {
  RasterLayout layout;
  layout.width = place.width;
  layout.height = place.height;
  layout.bands = bands;
  layout.type = type;
  layout.nodata = nodata;
  layout.format = "GTiff";
  if (place.crs != nullptr)
    layout.georeference = {wkt_from_text(place.crs), {place.x, place.pixel, 0, place.y, 0, -place.pixel}};
  std::vector<float> values;
  for (int64_t b = 0; b < bands; ++b) {
    for (int64_t r = 0; r < place.height; ++r) {
      for (int64_t c = 0; c < place.width; ++c) values.push_back(value(b, r, c));
    }
  }
  write_raster(file, layout, values.data());
  return file;
}

/// A contract of two or three bands, for small tests: stored values are DN of scale 0.01.
inline SensorContract small_contract(Modality modality, int64_t bands) {
  SensorContract contract;
  contract.name = std::string("test-") + std::string(modality_name(modality));
  contract.modality = modality;
  contract.gsd_m = modality == Modality::kHr ? 1 : 10;
  contract.quantity = "brightness";
  contract.physical_min = -100;
  contract.physical_max = 100;
  for (int64_t i = 0; i < bands; ++i) contract.bands.push_back({fmt::format("T{}", i + 1), 0, 0.01, 0, 1, 2});
  return contract;
}

}  // namespace skysense::testing
