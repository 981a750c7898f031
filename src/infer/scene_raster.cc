#include "infer/scene_raster.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "core/error.h"
#include "ingest/contract_check.h"
#include "ingest/validity_layer.h"

namespace skysense {
namespace {

constexpr double kWholePixels = 0.02;  // grids whose pixels differ by less than this part of one are the same

RasterReader open(const SceneImage& source, const SensorContract& stored, const RasterReading& reading) {
  RasterValidity validity;
  validity.layer = source.mask;
  validity.valid_values = reading.mask_values.empty() ? layer_valid_values(source.mask) : reading.mask_values;
  return open_for_contract(source.path, stored, validity);
}

/// The items of "B04=3,VV=1" that speak of this sensor: one --bands serves all sensors of a scene.
std::string items_of(const std::string& bands, const SensorContract& contract) {
  std::string items;
  std::istringstream stream(bands);
  for (std::string item; std::getline(stream, item, ',');) {
    if (contract.find_band(item.substr(0, item.find('='))) >= 0) items += (items.empty() ? "" : ",") + item;
  }
  return items;
}

}  // namespace

SceneRaster::SceneRaster(const SceneImage& source, const SensorContract& stored, const SensorContract& wanted,
                         const RasterReading& reading)
    : source_(source),
      sensor_(stored.name),
      reader_(open(source, stored, reading)),
      georeference_(reader_.georeference()) {
  if (reader_.has_only_control_points()) {
    throw DataError(fmt::format("{}: it has control points instead of a grid; run gdalwarp on it first", source.path));
  }
  const std::vector<int64_t> found = find_bands(reader_, stored, items_of(reading.bands, stored));
  for (const Band& band : wanted.bands) {
    const int64_t place = stored.find_band(band.name);
    if (place < 0) {
      throw DataError(fmt::format("{}: the model takes band {} ({}), which sensor {} lacks; choose another --sensor",
                                  source.path, band.name, wanted.name, stored.name));
    }
    bands_.push_back(found[place]);
    scales_.push_back(stored.bands[place].scale);
    offsets_.push_back(stored.bands[place].offset);
  }
  const ReadCounts sampled = examine_raster(reader_, stored, found).counts;
  empty_ = sampled.invalid == sampled.pixels;
  if (!empty_) require_contract(reader_, stored, found);
}

void SceneRaster::cover(const SceneRaster& other) {
  georeference_ = other.georeference_;
  georeference_.transform[1] *= static_cast<double>(other.reader_.width()) / static_cast<double>(reader_.width());
  georeference_.transform[5] *= static_cast<double>(other.reader_.height()) / static_cast<double>(reader_.height());
}

void SceneRaster::place(const CellGrid& grid, const CellWindow& extent, int64_t pixels_per_cell) {
  grid_ = grid;
  extent_ = extent;
  pixels_per_cell_ = pixels_per_cell;
  const Georeference divided = grid.georeference(extent, pixels_per_cell);
  const double width = static_cast<double>(extent.columns * pixels_per_cell),
               height = static_cast<double>(extent.rows * pixels_per_cell);
  const PixelPoint first = georeference_.to_pixel(divided.to_map({0, 0}));
  const PixelPoint last = georeference_.to_pixel(divided.to_map({width, height}));
  first_column_ = std::llround(first.x);
  first_row_ = std::llround(first.y);
  const auto near = [](double value, double whole) { return std::abs(value - whole) < kWholePixels; };
  const double column = static_cast<double>(first_column_), row = static_cast<double>(first_row_);
  aligned_ = near(first.x, column) && near(first.y, row) && near(last.x, column + width) && near(last.y, row + height);
  if (!aligned_ && !georeference_.known()) {
    throw DataError(
        fmt::format("{}: it has no georeference, and {} of its pixels a side do not fill a cell; give it one "
                    "with gdal_edit.py or resize it",
                    source_.path, pixels_per_cell));
  }
}

PixelWindow SceneRaster::pixels(const CellWindow& window) const {
  return {first_column_ + (window.column - extent_.column) * pixels_per_cell_,
          first_row_ + (window.row - extent_.row) * pixels_per_cell_, window.columns * pixels_per_cell_,
          window.rows * pixels_per_cell_};
}

ReadCounts SceneRaster::read_stored(const CellWindow& window, float* values, uint8_t* valid) const {
  if (aligned_) return reader_.read(pixels(window), bands_, values, valid);
  const TargetGrid target{georeference_.wkt, grid_->georeference(window, pixels_per_cell_).transform,
                          window.columns * pixels_per_cell_, window.rows * pixels_per_cell_};
  return reader_.read_onto(target, bands_, Resampling::kSmooth, values, valid);
}

ReadCounts SceneRaster::read(const CellWindow& window, float* values, uint8_t* valid) {
  const ReadCounts counts = read_stored(window, values, valid);
  last_read_clean_ = counts.invalid == 0;
  const int64_t area = window.cells() * pixels_per_cell_ * pixels_per_cell_;
  for (int64_t channel = 0; channel < channels(); ++channel) {
    const auto scale = static_cast<float>(scales_[channel]), offset = static_cast<float>(offsets_[channel]);
    float* plane = values + channel * area;
    for (int64_t i = 0; i < area; ++i) plane[i] = valid[i] != 0 ? plane[i] * scale + offset : 0.0f;
  }
  return counts;
}

ReadCounts SceneRaster::count(const CellWindow& window) {
  if (aligned_ && last_read_clean_) {
    const PixelWindow whole{0, 0, reader_.width(), reader_.height()};
    return {.pixels = pixels(window).intersect(whole).pixels()};
  }
  const int64_t area = window.cells() * pixels_per_cell_ * pixels_per_cell_;
  std::vector<float> values(channels() * area);
  std::vector<uint8_t> valid(area);
  return read_stored(window, values.data(), valid.data());
}

}  // namespace skysense
