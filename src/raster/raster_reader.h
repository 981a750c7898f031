#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "raster/georeference.h"

namespace skysense {

/// One data band as the file describes it; alpha bands are not data.
struct RasterBand {
  std::string name;    ///< the band's description; empty where it has none
  std::string type;    ///< GDAL's spelling: Byte, UInt16, Float32, …
  std::string colour;  ///< "red", "green" or "blue" where the file marks the band so; else empty
  std::optional<double> nodata;
  double scale = 1, offset = 0;  ///< as the file states them; values are read unscaled
  bool palette = false;          ///< values are indices into a colour table
};

/// What counts as valid beside the file's own nodata value, NaN, alpha band and mask band.
struct RasterValidity {
  std::optional<double> nodata;       ///< replaces the file's nodata values
  std::string layer;                  ///< mask, SCL or QA raster of the same ground; empty where there is none
  std::vector<int64_t> valid_values;  ///< values of `layer` that mean valid; empty: any but 0 and its nodata
  bool alpha_is_data = false;         ///< read alpha bands as data: some files mark their fourth spectral band so
};

/// What a read met. A pixel counts once however many of its bands are invalid.
struct ReadCounts {
  int64_t pixels = 0;   ///< pixels of the window that lie inside the raster
  int64_t invalid = 0;  ///< of these, invalid ones, NaN included
  int64_t nan = 0;      ///< of these, pixels with a NaN or infinite value where the file declares no such nodata
};

/// How a raster is brought onto another grid.
enum class Resampling {
  kSmooth,   ///< bilinear; the mean over a cell's footprint where cells are larger than pixels
  kNearest,  ///< for classes and masks
};

/// An open raster: anything GDAL opens, a subdataset ("NETCDF:file.nc:B02") or a /vsi path. Reading is quiet: every
/// GDAL error becomes a DataError naming the file, the band, GDAL's own message and what to do.
///
/// One reader serves one thread at a time; opening another of the same file is cheap.
class RasterReader {
 public:
  /// Throws DataError for a file that is missing, damaged, without bands, of complex values, or rotated beyond
  /// inversion.
  explicit RasterReader(const std::string& path, const RasterValidity& validity = {});
  ~RasterReader();
  RasterReader(RasterReader&&) noexcept;
  RasterReader& operator=(RasterReader&&) noexcept;

  const std::string& path() const;
  int64_t width() const;
  int64_t height() const;
  /// The data bands in the file's order; every band number below counts from 0 in this list.
  const std::vector<RasterBand>& bands() const;
  const Georeference& georeference() const;
  /// Ground control points only: the file needs `gdalwarp` before it has a grid.
  bool has_only_control_points() const;
  /// The tile or strip that the file is stored in; reading along it is fastest.
  PixelWindow block() const;
  /// A band is marked as transparency and not read as data.
  bool has_alpha() const;
  /// Some pixel may be invalid by the nodata value in force, an alpha or a mask band (NaN and the layer aside).
  bool declares_invalid_pixels() const;
  /// One value of the file's metadata (domain "" is the default one); empty where absent.
  std::string metadata(const std::string& key, const std::string& domain = "") const;
  /// The names of the classes of the first band, where the file has them.
  std::vector<std::string> class_names() const;

  /// Nodata in one band makes a pixel invalid, with one exception: a nodata value of 0 counts only where all bands read
  /// hold it, for 0 is also what dark water measures.
  ///
  /// Stored values of `bands`, unscaled, into `values` [bands, h, w], and into `valid` [h, w] 1 where every one of
  /// these bands is valid, else 0. Windows may stick out of the raster: 0 and invalid there. Invalid pixels hold 0.
  /// `valid` may be null. Throws DataError.
  ReadCounts read(const PixelWindow& window, std::span<const int64_t> bands, float* values, uint8_t* valid) const;

  /// The same resampled onto a grid, possibly of another CRS. A cell is valid where at least half of what it is made of
  /// is; invalid pixels have no part in its value. Memory beyond the output is bounded. Throws DataError where either
  /// side has no georeference or no transformation exists.
  ReadCounts read_onto(const TargetGrid& grid, std::span<const int64_t> bands, Resampling resampling, float* values,
                       uint8_t* valid) const;

  /// The raster's own pixels as a grid.
  TargetGrid grid() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// 0, 1, …, count-1: all bands of a raster for `read`.
std::vector<int64_t> band_range(int64_t count);

/// Bounds what GDAL may keep of decoded blocks, over all readers and writers of the process (64 MiB until it is
/// called).
void set_raster_cache_bytes(int64_t bytes);

/// The names of the subdatasets of a container ("NETCDF:…", "HDF5:…"); empty for a plain raster. Throws DataError.
std::vector<std::string> subdatasets(const std::string& path);

}  // namespace skysense
