#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace skysense {

/// The bytes of one file that holds all of a raster, for an archive: the file itself where it is alone enough (a
/// GeoTIFF, JPEG, PNG or JPEG 2000 without side files, on disk or a /vsi path), else a lossless GeoTIFF made of it in
/// memory (subdatasets, virtual rasters, other formats, files with a mask, statistics or georeference beside them).
class RasterCopy {
 public:
  /// `valid_values`: where not empty the raster is a validity layer, and the copy is a mask of 1 where it has one of
  /// these values and 0 elsewhere. Throws DataError for a raster that cannot be opened or converted.
  explicit RasterCopy(const std::string& path, const std::vector<int64_t>& valid_values = {});
  ~RasterCopy();
  RasterCopy(const RasterCopy&) = delete;
  RasterCopy& operator=(const RasterCopy&) = delete;

  int64_t bytes() const { return bytes_; }
  /// "tif", "jpg", …
  const std::string& suffix() const { return suffix_; }
  bool converted() const { return !memory_.empty(); }
  /// Hands the bytes to `write`, piece by piece.
  void copy(const std::function<void(std::string_view)>& write) const;

 private:
  std::string path_, memory_, suffix_;  // memory_: the converted file, or empty
  int64_t bytes_ = 0;
};

}  // namespace skysense
