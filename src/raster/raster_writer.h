#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "raster/georeference.h"

namespace skysense {

/// kFloat16: floats of 16 bits in the file (GDAL's NBITS=16), which readers see as Float32.
enum class PixelType { kUInt8, kInt16, kUInt16, kInt32, kFloat32, kFloat16 };

/// A raster to be written.
struct RasterLayout {
  int64_t width = 0, height = 0, bands = 1;
  PixelType type = PixelType::kFloat32;
  Georeference georeference;  ///< unknown: a picture without a place
  std::optional<double> nodata;
  std::vector<std::string> band_names;          ///< empty, or one a band
  std::vector<double> scales, offsets;          ///< empty, or one a band: physical = stored * scale + offset
  std::vector<std::string> class_names;         ///< of the first band's values 0, 1, …
  std::vector<std::array<uint8_t, 3>> colours;  ///< colour table of the first band's values 0, 1, …
  std::map<std::string, std::string> tags;      ///< provenance, as dataset metadata
  std::string format = "COG";                   ///< "COG", "GTiff" or another GDAL driver that copies ("PNG")
  std::vector<std::string> creation_options;    ///< "NAME=VALUE" of that driver (--co)
  bool average_overviews = true;                ///< false for classes: the nearest pixel
};

/// Where a RasterWriter keeps the pixels until it finishes.
enum class Staging {
  kFile,    ///< in a file beside the output; memory does not grow with the raster, and `finish` flushes it to disk
  kMemory,  ///< for small rasters, one of many: whoever makes them a dataset flushes them (sync_file_system)
};

/// A raster written window by window that appears whole or not at all: pixels go to a tiled, uncompressed raster,
/// which `finish` turns into the wanted format and renames to the output. Until `finish` returns an earlier file of the
/// name is untouched; a writer destroyed before it leaves nothing.
///
/// Errors (full disk, read-only folder, unknown creation option) are DataErrors naming the file, GDAL's message and
/// what to do.
class RasterWriter {
 public:
  RasterWriter(const std::filesystem::path& path, const RasterLayout& layout, Staging staging = Staging::kFile);
  ~RasterWriter();
  RasterWriter(const RasterWriter&) = delete;
  RasterWriter& operator=(const RasterWriter&) = delete;

  /// `values` [bands, h, w] of all bands; rounded to the type, and of integers clamped. The window lies within the
  /// raster. Pixels never written hold nodata, or 0 without one.
  void write(const PixelWindow& window, const float* values);
  void write(const PixelWindow& window, const uint8_t* values);
  /// Makes the output appear. No write may follow.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Writes a raster that fits in memory, `values` [bands, height, width], with Staging::kMemory.
void write_raster(const std::filesystem::path& path, const RasterLayout& layout, const float* values);

}  // namespace skysense
