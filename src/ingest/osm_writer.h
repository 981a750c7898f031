#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "core/output_file.h"
#include "ingest/osm_source.h"
#include "raster/gdal_call.h"

class OGRLayer;

namespace skysense {

/// Writes lines and areas as OpenStreetMap data: an XML document (.osm, API 0.6; nodes, then ways, then multipolygon
/// relations, numbered from 1) and a GeoPackage with the layers `lines` and `multipolygons`, whose tags stand in
/// `all_tags` as OGR writes them. read_osm_source reads both. Neither appears before `finish`. Memory does not grow
/// with what is written. Errors are DataErrors naming the file.
class OsmWriter {
 public:
  OsmWriter(const std::filesystem::path& xml, const std::filesystem::path& geopackage);
  ~OsmWriter();
  OsmWriter(const OsmWriter&) = delete;
  OsmWriter& operator=(const OsmWriter&) = delete;

  /// A line or polygon in WGS 84 degrees. Throws std::logic_error for other geometries.
  void add(const OsmObject& object);
  void finish();

 private:
  struct FileCloser {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using Scratch = std::unique_ptr<std::FILE, FileCloser>;

  std::string way_of(const OGRLineString& line);
  void add_line(const OGRLineString& line, const std::string& tags);
  void add_area(const OGRPolygon& area, const std::string& tags);
  void keep(std::FILE* scratch, const std::string& text);
  void append(std::FILE* scratch);

  const std::filesystem::path geopackage_, staged_geopackage_;
  OutputFile xml_;
  Scratch ways_, relations_;  ///< follow the nodes at the end
  DatasetPointer dataset_;
  OGRLayer *lines_ = nullptr, *areas_ = nullptr;
  int64_t nodes_ = 0, way_count_ = 0, relation_count_ = 0;
};

}  // namespace skysense
