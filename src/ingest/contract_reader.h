#pragma once

#include <string>
#include <vector>

#include "core/sensor_contract.h"
#include "ingest/contract_check.h"
#include "raster/raster_reader.h"

namespace skysense {

/// One image of a sensor, from one file or from one file a band at whatever pixel sizes (as Sentinel-2 and Landsat
/// products and BigEarthNet store them), as the contract's channels in physical units.
class ContractReader {
 public:
  /// `paths`: one file, or one a band in the contract's order. `band_map`: find_bands; of a file a
  /// band, the bands of those files that hold several. Where the files declare no
  /// nodata value, alpha or mask, the contract's nodata holds. Throws DataError naming the file and the band.
  ContractReader(const std::vector<std::string>& paths, const SensorContract& contract,
                 const std::string& band_map = "", const RasterValidity& validity = {});

  /// The file with the finest pixels: its grid is the image's.
  const RasterReader& finest() const { return readers_[finest_]; }
  TargetGrid grid() const { return finest().grid(); }
  int64_t channels() const { return contract_.channels(); }
  /// The first file, for what all share (names, metadata).
  const std::string& path() const { return readers_.front().path(); }

  /// Physical values (stored * scale + offset) [C, height, width] of a grid, and `valid` [height, width] as
  /// RasterReader::read_onto; invalid pixels hold 0. Files whose pixels are the grid's are not resampled.
  ReadCounts read_onto(const TargetGrid& grid, float* values, uint8_t* valid) const;

  /// The same of a window of the image's own pixels, whatever its CRS, which is not even worked out. Of an image in one
  /// file (`is_one_file`).
  ReadCounts read_window(const PixelWindow& window, float* values, uint8_t* valid) const;
  bool is_one_file() const { return readers_.size() == 1; }

  /// The same before scale and offset: stored values. What a pixel holds that is invalid is not said.
  ReadCounts read_stored_onto(const TargetGrid& grid, float* values, uint8_t* valid) const;

  /// How the files store each channel; the nodata values are those in force.
  std::vector<RasterBand> stored_bands() const;

  /// Whether the grid's cells are pixels of the image's files: then any part of it is read without resampling.
  bool lies_on(const TargetGrid& grid) const;

  /// The contract check of every file (ingest/contract_check.h).
  ContractReport examine() const;

 private:
  /// Stored values [C, plane] become physical ones, invalid ones 0.
  void scale(float* values, const uint8_t* valid, int64_t plane) const;

  SensorContract contract_;
  std::vector<RasterReader> readers_;        // one, or one a channel
  std::vector<std::vector<int64_t>> bands_;  // of each reader
  size_t finest_ = 0;
  bool zero_is_nodata_ = false;  // of one file a band: decided over all of them
};

}  // namespace skysense
