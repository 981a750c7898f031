#include "raster/vector_shapes.h"

#include <fmt/format.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>
#include <strings.h>

#include <cmath>
#include <set>

#include "core/error.h"
#include "raster/gdal_call.h"

namespace skysense {
namespace {

struct GeometryDeleter {
  void operator()(OGRGeometry* geometry) const { OGRGeometryFactory::destroyGeometry(geometry); }
};
using GeometryPointer = std::unique_ptr<OGRGeometry, GeometryDeleter>;

constexpr const char* kLongitudes = "longitude,lon,long,lng";
constexpr const char* kLatitudes = "latitude,lat";

OGRSpatialReference crs_of(const std::string& wkt) {
  OGRSpatialReference crs;
  if (!wkt.empty()) crs.importFromWkt(wkt.c_str());
  crs.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  return crs;
}

bool has_field(OGRLayer& layer, const char* names) {
  const CPLStringList list(CSLTokenizeString2(names, ",", 0));
  for (int i = 0; i < list.Count(); ++i) {
    if (layer.GetLayerDefn()->GetFieldIndex(list[i]) >= 0) return true;
  }
  return false;
}

bool is_csv(const std::filesystem::path& path) { return ::strcasecmp(path.extension().c_str(), ".csv") == 0; }

/// Columns that the output's geometry and numbering take the place of.
bool is_geometry_column(const std::string& name) {
  for (const char* own : {"x", "y", "wkt", "geometry", "geom", "fid"}) {
    if (::strcasecmp(name.c_str(), own) == 0) return true;
  }
  return false;
}

DatasetPointer open_vector(const std::string& path) {
  const std::string x = fmt::format("X_POSSIBLE_NAMES=x,easting,{}", kLongitudes),
                    y = fmt::format("Y_POSSIBLE_NAMES=y,northing,{}", kLatitudes);
  const char* const options[] = {x.c_str(), y.c_str(), "GEOM_POSSIBLE_NAMES=wkt,geometry,geom", "AUTODETECT_TYPE=YES",
                                 nullptr};
  return DatasetPointer(GDALDataset::Open(path.c_str(), GDAL_OF_VECTOR, nullptr, is_csv(path) ? options : nullptr));
}

}  // namespace

struct VectorShapes::Impl {
  std::string path;
  DatasetPointer dataset;
  OGRLayer* layer = nullptr;
  OGRSpatialReference crs;
  std::vector<GeometryPointer> shapes;  // in the caller's CRS
  std::vector<int64_t> ids;

  void read(const std::string& wkt);
};

void VectorShapes::Impl::read(const std::string& wkt) {
  crs = crs_of(wkt);
  OGRSpatialReference own = crs;
  if (const OGRSpatialReference* stated = layer->GetSpatialRef()) {
    own = *stated;
    own.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  } else if (is_csv(path)) {
    // Columns named so hold nothing else, whatever the CRS of the scene.
    if (has_field(*layer, kLongitudes) && has_field(*layer, kLatitudes)) own = crs_of(wkt_from_text("EPSG:4326"));
  }
  std::unique_ptr<OGRCoordinateTransformation> transformation;
  if (!wkt.empty() && !own.IsSame(&crs)) transformation.reset(OGRCreateCoordinateTransformation(&own, &crs));
  for (const OGRFeatureUniquePtr& feature : *layer) {
    const OGRGeometry* geometry = feature->GetGeometryRef();
    const auto type = geometry != nullptr ? wkbFlatten(geometry->getGeometryType()) : wkbNone;
    const bool fits = type == wkbPoint || type == wkbPolygon || type == wkbMultiPolygon;
    if (!fits || geometry->IsEmpty()) {
      throw DataError(
          fmt::format("{}: feature {} is {}; points and polygons are wanted", path, feature->GetFID(),
                      geometry == nullptr || geometry->IsEmpty() ? "without geometry" : geometry->getGeometryName()));
    }
    GeometryPointer shape(geometry->clone());
    if (transformation && shape->transform(transformation.get()) != OGRERR_NONE) {
      throw DataError(fmt::format("{}: feature {} has no place in the scene's CRS", path, feature->GetFID()));
    }
    shapes.push_back(std::move(shape));
    ids.push_back(feature->GetFID());
  }
}

VectorShapes::VectorShapes(const std::string& path, const std::string& wkt) : impl_(std::make_unique<Impl>()) {
  set_up_gdal();
  GdalCall call(path);
  impl_->path = path;
  impl_->dataset = open_vector(path);
  call.check(impl_->dataset != nullptr, "cannot be read as points or polygons", "give a GeoPackage, GeoJSON or CSV");
  impl_->layer = impl_->dataset->GetLayer(0);
  if (impl_->layer == nullptr) throw DataError(fmt::format("{}: no layer in it", path));
  impl_->read(wkt);
  call.check(true, "cannot be read");
  if (impl_->shapes.empty()) throw DataError(fmt::format("{}: no features in it", path));
}

VectorShapes::~VectorShapes() = default;

int64_t VectorShapes::size() const { return static_cast<int64_t>(impl_->shapes.size()); }
int64_t VectorShapes::id(int64_t number) const { return impl_->ids.at(static_cast<size_t>(number)); }

bool VectorShapes::has_area(int64_t number) const {
  return wkbFlatten(impl_->shapes.at(static_cast<size_t>(number))->getGeometryType()) != wkbPoint;
}

MapBox VectorShapes::box(int64_t number) const {
  OGREnvelope envelope;
  impl_->shapes.at(static_cast<size_t>(number))->getEnvelope(&envelope);
  return {envelope.MinX, envelope.MinY, envelope.MaxX, envelope.MaxY};
}

MapPoint VectorShapes::anchor(int64_t number) const {
  const OGRGeometry& shape = *impl_->shapes.at(static_cast<size_t>(number));
  if (!has_area(number)) return {shape.toPoint()->getX(), shape.toPoint()->getY()};
  const GeometryPointer inside(
      OGRGeometry::FromHandle(OGR_G_PointOnSurface(OGRGeometry::ToHandle(const_cast<OGRGeometry*>(&shape)))));
  if (inside != nullptr && !inside->IsEmpty()) return {inside->toPoint()->getX(), inside->toPoint()->getY()};
  OGRPoint centre;
  shape.Centroid(&centre);
  return {centre.getX(), centre.getY()};
}

bool VectorShapes::contains(int64_t number, MapPoint point) const {
  const OGRPoint place(point.x, point.y);
  return has_area(number) && impl_->shapes.at(static_cast<size_t>(number))->Contains(&place);
}

void VectorShapes::write(const std::filesystem::path& path, const std::vector<VectorColumn>& columns) const {
  const bool csv = is_csv(path);
  GdalCall call(path.string());
  GDALDriver* driver = GetGDALDriverManager()->GetDriverByName(csv ? "CSV" : "GPKG");
  DatasetPointer output(driver->Create(path.c_str(), 0, 0, 0, GDT_Unknown, nullptr));
  call.check(output != nullptr, "cannot be created", "check the folder and its permissions");
  OGRSpatialReference crs = impl_->crs;
  bool areas = false;
  for (int64_t i = 0; i < size(); ++i) areas = areas || has_area(i);
  CPLStringList options;
  if (csv) options.SetNameValue("GEOMETRY", areas ? "AS_WKT" : "AS_XY");
  OGRLayer* layer =
      output->CreateLayer("features", crs.IsEmpty() ? nullptr : &crs, areas ? wkbUnknown : wkbPoint, options.List());
  call.check(layer != nullptr, "no layer can be created");
  std::set<std::string> added;
  for (const VectorColumn& column : columns) added.insert(column.name);
  OGRFeatureDefn& definition = *impl_->layer->GetLayerDefn();
  std::vector<int> copied;
  for (int i = 0; i < definition.GetFieldCount(); ++i) {
    const std::string name = definition.GetFieldDefn(i)->GetNameRef();
    if (added.contains(name) || is_geometry_column(name)) continue;
    call.check(layer->CreateField(definition.GetFieldDefn(i)) == OGRERR_NONE, "column " + name + " cannot be created");
    copied.push_back(i);
  }
  for (const VectorColumn& column : columns) {
    OGRFieldDefn field(column.name.c_str(), column.texts.empty() ? OFTReal : OFTString);
    call.check(layer->CreateField(&field) == OGRERR_NONE, "column " + column.name + " cannot be created");
  }
  output->StartTransaction();
  for (int64_t i = 0; i < size(); ++i) {
    const OGRFeatureUniquePtr source(impl_->layer->GetFeature(id(i)));
    OGRFeature feature(layer->GetLayerDefn());
    for (size_t k = 0; k < copied.size(); ++k) {
      if (source != nullptr) feature.SetField(static_cast<int>(k), source->GetRawFieldRef(copied[k]));
    }
    for (size_t k = 0; k < columns.size(); ++k) {
      const int place = static_cast<int>(copied.size() + k);
      if (!columns[k].texts.empty()) {
        feature.SetField(place, columns[k].texts.at(static_cast<size_t>(i)).c_str());
      } else if (const double value = columns[k].numbers.at(static_cast<size_t>(i)); std::isfinite(value)) {
        feature.SetField(place, value);
      }
    }
    feature.SetGeometry(impl_->shapes[static_cast<size_t>(i)].get());
    call.check(layer->CreateFeature(&feature) == OGRERR_NONE, fmt::format("feature {} cannot be written", id(i)),
               "check the free space");
  }
  output->CommitTransaction();
  output.reset();
  call.check(true, "cannot be completed", "check the free space");
}

}  // namespace skysense
