#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skysense {

/// The named arrays of a netCDF, HDF5 or Zarr file, which are more than rasters: series, product names, coordinates.
/// GDAL's multidimensional interface, with errors as DataErrors naming file and array.
class ArrayFile {
 public:
  /// Throws DataError where the file is missing, damaged or of a format without arrays.
  explicit ArrayFile(const std::string& path);
  ~ArrayFile();

  const std::string& path() const { return path_; }
  /// Names of the arrays of the root group.
  std::vector<std::string> names() const;
  bool contains(const std::string& name) const;
  std::vector<int64_t> shape(const std::string& name) const;
  /// The whole array, row-major, as it is stored (no scale or offset).
  std::vector<double> numbers(const std::string& name) const;
  std::vector<std::string> texts(const std::string& name) const;
  /// The unit, e.g. "days since 1990-01-01"; empty where there is none.
  std::string unit(const std::string& name) const;
  /// The coordinate reference system, as WKT; empty where there is none.
  std::string wkt(const std::string& name) const;
  std::optional<double> nodata(const std::string& name) const;

 private:
  struct Impl;
  std::string path_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skysense
