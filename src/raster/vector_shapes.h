#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "raster/georeference.h"

namespace skysense {

/// A column of numbers or texts to add to a vector file; one value a feature. Numbers that are NaN become null.
struct VectorColumn {
  std::string name;
  std::vector<double> numbers;     ///< or
  std::vector<std::string> texts;  ///< whichever is not empty
};

/// The points and areas of a vector file: anything OGR opens (GeoPackage, GeoJSON, FlatGeobuf, Shapefile, CSV with
/// columns x, y or longitude, latitude or WKT). Held in memory, reprojected to the CRS asked for.
class VectorShapes {
 public:
  /// `wkt` is the CRS of the caller's coordinates; files without a CRS are taken to have it (CSV with longitude and
  /// latitude: WGS 84). Throws DataError for a file that cannot be read, has no features, or other geometries than
  /// points and polygons.
  VectorShapes(const std::string& path, const std::string& wkt);
  ~VectorShapes();

  int64_t size() const;
  /// The name a feature goes by: its number in the file.
  int64_t id(int64_t number) const;
  /// False for points.
  bool has_area(int64_t number) const;
  MapBox box(int64_t number) const;
  /// A point on the shape: the point itself, or one within the area.
  MapPoint anchor(int64_t number) const;
  /// The area holds the point; false for points.
  bool contains(int64_t number, MapPoint point) const;

  /// Writes all features with their attributes and the columns to a new file: GeoPackage, or CSV where the name ends in
  /// .csv (points then have columns x and y, areas WKT). Not atomic: write to a staged path. Throws DataError.
  void write(const std::filesystem::path& path, const std::vector<VectorColumn>& columns) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skysense
