#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "raster/ground_box.h"

namespace skysense {

/// An object found in a scene.
struct SceneObject {
  OrientedBox box;   ///< pixels of the scene's raster, from its corner
  GroundBox ground;  ///< the same box there
  int64_t object_class = 0;
  double score = 0;
};

/// A vector layer of objects.
struct ObjectLayerOptions {
  std::string driver = "GPKG";       ///< GDAL's: "GPKG", "GeoJSON" or "FlatGeobuf"
  std::string wkt;                   ///< the scene's reference system; empty where it has no place
  std::vector<std::string> classes;  ///< names
  bool headings = true;              ///< false leaves the column empty: an upright box says nothing of the object's
  bool pixel_corners = false;        ///< also columns x1, y1, … y4
};

/// Writes objects one by one as polygons of the scene's CRS with the columns `class` (number), `name`, `score`,
/// `centre_x`, `centre_y`, `length_m`, `width_m`, `heading_deg`. GeoJSON follows RFC 7946: geometry and centre are
/// longitude and latitude on WGS 84. Without a reference system geometry and centre are pixels, y downwards, and the
/// sizes `length_px` and `width_px`. The same objects give the same bytes: GeoPackage's date of change is 1970's first
/// day. Not atomic: write to a staged path. Errors are DataErrors naming the file.
class ObjectLayer {
 public:
  ObjectLayer(const std::filesystem::path& path, const ObjectLayerOptions& options);
  ~ObjectLayer();
  ObjectLayer(const ObjectLayer&) = delete;
  ObjectLayer& operator=(const ObjectLayer&) = delete;

  void write(const SceneObject& object);
  /// No write may follow.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skysense
