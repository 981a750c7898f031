#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "raster/object_layer.h"

namespace skysense {

/// What objects can be written as.
enum class ObjectFormat {
  kGeoPackage,
  kGeoJson,  ///< RFC 7946: longitude and latitude
  kFlatGeobuf,
  kDota,  ///< DOTA's labelTxt, pixels; without scores, which the format does not have
  kCoco,  ///< a COCO document with scores, pixels
};

/// By its name ("GPKG", "GeoJSON", "FlatGeobuf", "DOTA", "COCO"), or without one by the path's extension (.gpkg,
/// .geojson, .fgb, .txt, .json). Throws UsageError that lists them.
ObjectFormat object_format(const std::filesystem::path& path, const std::string& name);
std::string_view object_format_name(ObjectFormat format);
/// IANA's media type.
std::string_view media_type(ObjectFormat format);
/// QGIS shows the file with a style beside it.
bool has_style(ObjectFormat format);

/// The scene that a file of objects speaks of.
struct ObjectFileOptions {
  Georeference georeference;
  std::string image;  ///< its file, as annotations name it
  int64_t width = 0, height = 0;
  std::vector<std::string> classes;
  bool headings = true;        ///< see ObjectLayerOptions
  bool pixel_corners = false;  ///< of layers, see ObjectLayerOptions
};

/// A file that objects are written to one by one.
class ObjectFile {
 public:
  virtual ~ObjectFile() = default;
  virtual void write(const SceneObject& object) = 0;
  /// No write may follow.
  virtual void finish() = 0;
};

/// Begins a file; write to a staged path. Errors are DataErrors naming it.
std::unique_ptr<ObjectFile> create_object_file(const std::filesystem::path& path, ObjectFormat format,
                                               const ObjectFileOptions& options);

}  // namespace skysense
