#include "ingest/osm_writer.h"

#include <fmt/format.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <stdexcept>

#include "core/error.h"
#include "core/files.h"
#include "core/markup.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

std::string xml_tags(const OsmTags& tags) {
  std::string text;
  for (const auto& [key, value] : tags)
    text += fmt::format("    <tag k=\"{}\" v=\"{}\"/>\n", escape_markup(key), escape_markup(value));
  return text;
}

OGRLayer* create_layer(GDALDataset& dataset, const char* name, OGRwkbGeometryType type, GdalCall& call) {
  OGRSpatialReference degrees;
  degrees.importFromEPSG(4326);
  degrees.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  OGRLayer* layer = dataset.CreateLayer(name, &degrees, type, nullptr);
  call.check(layer != nullptr, "no layer can be created");
  OGRFieldDefn field("all_tags", OFTString);
  call.check(layer->CreateField(&field) == OGRERR_NONE, "no column can be created");
  return layer;
}

}  // namespace

OsmWriter::OsmWriter(const fs::path& xml, const fs::path& geopackage)
    : geopackage_(geopackage),
      staged_geopackage_(temporary_neighbour(geopackage).replace_extension(".gpkg")),
      xml_(xml),
      ways_(std::tmpfile()),
      relations_(std::tmpfile()) {
  if (!ways_ || !relations_)
    throw DataError(xml.string() + ": no temporary file can be made; check the space and permissions of TMPDIR");
  xml_.write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<osm version=\"0.6\" generator=\"skysense\">\n");
  set_up_gdal();
  GdalCall call(geopackage.string());
  dataset_.reset(GetGDALDriverManager()->GetDriverByName("GPKG")->Create(staged_geopackage_.c_str(), 0, 0, 0,
                                                                         GDT_Unknown, nullptr));
  call.check(dataset_ != nullptr, "cannot be created", "check the folder and its permissions");
  lines_ = create_layer(*dataset_, "lines", wkbLineString, call);
  areas_ = create_layer(*dataset_, "multipolygons", wkbMultiPolygon, call);
  call.check(dataset_->StartTransaction() == OGRERR_NONE, "cannot be written");
}

OsmWriter::~OsmWriter() {
  if (!dataset_) return;
  const GdalCall quiet(geopackage_.string());
  dataset_->RollbackTransaction();
  dataset_.reset();
  std::error_code ignored;
  fs::remove(staged_geopackage_, ignored);
}

void OsmWriter::keep(std::FILE* scratch, const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), scratch) != text.size()) {
    throw DataError(geopackage_.string() + ": a temporary file cannot be written; check the free space");
  }
}

void OsmWriter::append(std::FILE* scratch) {
  std::rewind(scratch);
  std::string block(1 << 16, '\0');
  while (const size_t count = std::fread(block.data(), 1, block.size(), scratch)) xml_.write({block.data(), count});
}

/// Writes the nodes of a line; a closed one ends at the node where it began. The way's references to them.
std::string OsmWriter::way_of(const OGRLineString& line) {
  const int64_t first = nodes_ + 1;
  const int count = line.getNumPoints() - (line.get_IsClosed() ? 1 : 0);
  std::string nodes, references;
  for (int i = 0; i < count; ++i) {
    ++nodes_;
    nodes += fmt::format("  <node id=\"{}\" lat=\"{:.7f}\" lon=\"{:.7f}\"/>\n", nodes_, line.getY(i), line.getX(i));
    references += fmt::format("    <nd ref=\"{}\"/>\n", nodes_);
  }
  if (line.get_IsClosed()) references += fmt::format("    <nd ref=\"{}\"/>\n", first);
  xml_.write(nodes);
  return references;
}

void OsmWriter::add_line(const OGRLineString& line, const std::string& tags) {
  const std::string references = way_of(line);
  keep(ways_.get(), fmt::format("  <way id=\"{}\">\n{}{}  </way>\n", ++way_count_, references, tags));
}

void OsmWriter::add_area(const OGRPolygon& area, const std::string& tags) {
  if (area.getNumInteriorRings() == 0) {
    add_line(*area.getExteriorRing(), tags);
    return;
  }
  std::string members;
  for (const OGRLinearRing* ring : area) {
    add_line(*ring, "");
    const char* role = ring == area.getExteriorRing() ? "outer" : "inner";
    members += fmt::format("    <member type=\"way\" ref=\"{}\" role=\"{}\"/>\n", way_count_, role);
  }
  keep(relations_.get(),
       fmt::format("  <relation id=\"{}\">\n{}    <tag k=\"type\" v=\"multipolygon\"/>\n{}  </relation>\n",
                   ++relation_count_, members, tags));
}

void OsmWriter::add(const OsmObject& object) {
  const bool area = wkbFlatten(object.shape->getGeometryType()) == wkbPolygon;
  if (!area && wkbFlatten(object.shape->getGeometryType()) != wkbLineString)
    throw std::logic_error("OsmWriter takes lines and polygons");
  const std::string tags = xml_tags(object.tags);
  OGRLayer* layer = area ? areas_ : lines_;
  OGRFeature feature(layer->GetLayerDefn());
  feature.SetField(0, format_hstore(object.tags).c_str());
  if (area) {
    add_area(*object.shape->toPolygon(), tags);
    OGRMultiPolygon multiple;
    multiple.addGeometry(object.shape.get());
    feature.SetGeometry(&multiple);
  } else {
    add_line(*object.shape->toLineString(), tags);
    feature.SetGeometry(object.shape.get());
  }
  GdalCall call(geopackage_.string());
  call.check(layer->CreateFeature(&feature) == OGRERR_NONE, "a feature cannot be written", "check the free space");
}

void OsmWriter::finish() {
  append(ways_.get());
  append(relations_.get());
  xml_.write("</osm>\n");
  GdalCall call(geopackage_.string());
  call.check(dataset_->CommitTransaction() == OGRERR_NONE, "cannot be completed", "check the free space");
  dataset_.reset();
  call.check(true, "cannot be completed", "check the free space");
  fs::rename(staged_geopackage_, geopackage_);
  xml_.finish();
}

}  // namespace skysense
