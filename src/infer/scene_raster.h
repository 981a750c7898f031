#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/date.h"
#include "core/sensor_contract.h"
#include "infer/cell_grid.h"
#include "raster/raster_reader.h"

namespace skysense {

/// One raster of a scene as the user names it.
struct SceneImage {
  std::string path;  ///< anything GDAL opens
  std::optional<Date> date;
  std::string mask;  ///< validity layer (mask, SCL, QA) of the same ground; empty where there is none
};

/// How the bands and the mask of a scene's rasters are to be read.
struct RasterReading {
  std::string bands;                 ///< "B04=3,B03=2": numbers in the file, from 1; empty: by name or order
  std::vector<int64_t> mask_values;  ///< values of masks that mean valid; empty: by the mask's name, or any but 0
};

/// An open raster of a scene, its bands in the model's order and its pixels as divisions of the cell grid.
class SceneRaster {
 public:
  /// `stored` says what the values mean and is checked, `wanted` which bands the model takes. Throws DataError.
  SceneRaster(const SceneImage& source, const SensorContract& stored, const SensorContract& wanted,
              const RasterReading& reading);

  const SceneImage& source() const { return source_; }
  const std::string& sensor() const { return sensor_; }
  const RasterReader& reader() const { return reader_; }
  const Georeference& georeference() const { return georeference_; }
  int64_t channels() const { return static_cast<int64_t>(bands_.size()); }
  /// No pixel is valid: a date without data.
  bool empty() const { return empty_; }

  /// For pictures without a place: lies over the same square as another one.
  void cover(const SceneRaster& other);
  /// Lays the pixels onto the grid, `pixels_per_cell` along a cell's side; where they do not fall together, reading
  /// resamples. Throws DataError where it cannot.
  void place(const CellGrid& grid, const CellWindow& extent, int64_t pixels_per_cell);

  /// Physical values [channels, h, w], 0 where invalid, and validity [h, w] of the window's pixels.
  ReadCounts read(const CellWindow& window, float* values, uint8_t* valid);
  /// Pixels of the window, as read() counts them; cheap after a read of valid pixels only.
  ReadCounts count(const CellWindow& window);

 private:
  PixelWindow pixels(const CellWindow& window) const;
  ReadCounts read_stored(const CellWindow& window, float* values, uint8_t* valid) const;

  SceneImage source_;
  std::string sensor_;
  RasterReader reader_;
  Georeference georeference_;
  std::vector<int64_t> bands_;            // of the file, from 0, in the model's order
  std::vector<double> scales_, offsets_;  // physical = stored * scale + offset
  bool empty_ = false;
  std::optional<CellGrid> grid_;
  CellWindow extent_;
  int64_t pixels_per_cell_ = 1;
  bool aligned_ = false;                      // pixels divide the cells
  int64_t first_column_ = 0, first_row_ = 0;  // the pixel at the extent's corner, where aligned
  bool last_read_clean_ = false;              // the last read met valid pixels only
};

}  // namespace skysense
