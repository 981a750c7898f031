#include "raster/object_layer.h"

#include <cpl_conv.h>
#include <fmt/format.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include "raster/gdal_call.h"

namespace skysense {
namespace {

constexpr const char* kAdvice = "check the free space and the permissions of the folder";
constexpr const char* kDateOption = "OGR_CURRENT_DATE";
constexpr int kCorners = 4;

/// GDAL's date of today on this thread while one lives.
class FixedDate {
 public:
  FixedDate() { CPLSetThreadLocalConfigOption(kDateOption, "1970-01-01T00:00:00.000Z"); }
  ~FixedDate() { CPLSetThreadLocalConfigOption(kDateOption, nullptr); }
  FixedDate(const FixedDate&) = delete;
  FixedDate& operator=(const FixedDate&) = delete;
};

}  // namespace

struct ObjectLayer::Impl {
  std::string path;
  ObjectLayerOptions options;
  DatasetPointer file;
  OGRLayer* layer = nullptr;
  bool in_degrees = false;

  void create();
  void add_column(const std::string& name, OGRFieldType type, GdalCall& call) const;
};

void ObjectLayer::Impl::add_column(const std::string& name, OGRFieldType type, GdalCall& call) const {
  OGRFieldDefn column(name.c_str(), type);
  call.check(layer->CreateField(&column) == OGRERR_NONE, "column " + name + " cannot be created", kAdvice);
}

void ObjectLayer::Impl::create() {
  set_up_gdal();
  const FixedDate date;
  GdalCall call(path);
  GDALDriver* driver = GetGDALDriverManager()->GetDriverByName(options.driver.c_str());
  call.check(driver != nullptr, fmt::format("this GDAL has no driver {}", options.driver));
  file.reset(driver->Create(path.c_str(), 0, 0, 0, GDT_Unknown, nullptr));
  call.check(file != nullptr, "cannot be created", kAdvice);
  OGRSpatialReference crs;
  const bool placed = !options.wkt.empty();
  if (placed) crs.importFromWkt(options.wkt.c_str());
  // Without one GDAL would call a GeoPackage's coordinates degrees of an unknown globe.
  const bool named = placed || options.driver == "GPKG";
  if (!placed && named) crs.SetLocalCS("Undefined Cartesian SRS");
  crs.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  CPLStringList wanted;
  if (options.driver == "GeoJSON") {
    in_degrees = placed;
    if (placed) wanted.SetNameValue("RFC7946", "YES");
    wanted.SetNameValue("COORDINATE_PRECISION", placed ? "8" : "3");  // about a millimetre
    wanted.SetNameValue("SIGNIFICANT_FIGURES", "10");
  }
  layer = file->CreateLayer("objects", named ? &crs : nullptr, wkbPolygon, wanted.List());
  call.check(layer != nullptr, "cannot be written", kAdvice);
  add_column("class", OFTInteger, call);
  add_column("name", OFTString, call);
  for (const char* name : {"score", "centre_x", "centre_y"}) add_column(name, OFTReal, call);
  for (const char* name : {"length", "width"})
    add_column(fmt::format("{}_{}", name, placed ? "m" : "px"), OFTReal, call);
  add_column("heading_deg", OFTReal, call);
  for (int i = 1; options.pixel_corners && i <= kCorners; ++i) {
    add_column(fmt::format("x{}", i), OFTReal, call);
    add_column(fmt::format("y{}", i), OFTReal, call);
  }
  file->StartTransaction();  // GeoPackage alone has them
  call.check(true, "cannot be written", kAdvice);
}

ObjectLayer::ObjectLayer(const std::filesystem::path& path, const ObjectLayerOptions& options)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = path.string();
  impl_->options = options;
  impl_->create();
}

ObjectLayer::~ObjectLayer() {
  if (!impl_->file) return;
  const FixedDate date;
  GdalCall call(impl_->path);  // what goes wrong now is of no interest
  impl_->file->RollbackTransaction();
  impl_->file.reset();
}

void ObjectLayer::write(const SceneObject& object) {
  GdalCall call(impl_->path);
  OGRFeature feature(impl_->layer->GetLayerDefn());
  const GroundBox& ground = object.ground;
  const MapPoint centre = impl_->in_degrees && ground.lonlat ? *ground.lonlat : ground.centre;
  int column = 0;
  feature.SetField(column++, static_cast<int>(object.object_class));
  feature.SetField(column++, impl_->options.classes.at(static_cast<size_t>(object.object_class)).c_str());
  for (const double value : {object.score, centre.x, centre.y, ground.length, ground.width})
    feature.SetField(column++, value);
  if (impl_->options.headings) feature.SetField(column, ground.heading_deg);
  ++column;
  if (impl_->options.pixel_corners) {
    for (const ImagePoint corner : object.box.corners()) {
      feature.SetField(column++, corner.x);
      feature.SetField(column++, corner.y);
    }
  }
  OGRLinearRing ring;
  for (const MapPoint corner : ground.corners) ring.addPoint(corner.x, corner.y);
  ring.closeRings();
  OGRPolygon polygon;
  polygon.addRing(&ring);
  feature.SetGeometry(&polygon);
  call.check(impl_->layer->CreateFeature(&feature) == OGRERR_NONE, "cannot be written", kAdvice);
}

void ObjectLayer::finish() {
  const FixedDate date;
  GdalCall call(impl_->path);
  impl_->file->CommitTransaction();
  impl_->file.reset();
  call.check(true, "cannot be completed", kAdvice);
}

}  // namespace skysense
