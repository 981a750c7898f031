#include "raster/vector_objects.h"

#include <fmt/format.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <cmath>
#include <memory>

#include "core/error.h"
#include "raster/gdal_call.h"

namespace skysense {
namespace {

struct GeometryDeleter {
  void operator()(OGRGeometry* geometry) const { OGRGeometryFactory::destroyGeometry(geometry); }
};
using GeometryPointer = std::unique_ptr<OGRGeometry, GeometryDeleter>;

DatasetPointer open_vectors(const std::string& path, GdalCall& call) {
  DatasetPointer dataset(
      GDALDataset::Open(path.c_str(), GDAL_OF_VECTOR | GDAL_OF_VERBOSE_ERROR, nullptr, nullptr, nullptr));
  call.check(dataset != nullptr && dataset->GetLayerCount() > 0, "cannot be opened as vectors", "check the path");
  return dataset;
}

/// The layer's CRS; null where it has none, for which a GeoPackage has names of its own (its section 1.1.2.1.2).
const OGRSpatialReference* crs_of(OGRLayer& layer) {
  const OGRSpatialReference* crs = layer.GetSpatialRef();
  const char* name = crs == nullptr ? nullptr : crs->GetName();
  return name == nullptr || STARTS_WITH(name, "Undefined ") ? nullptr : crs;
}

/// The outer rings' corners; a ring's last one, which is its first again, is left out.
void add_corners(const OGRGeometry& shape, std::vector<MapPoint>& corners) {
  const OGRwkbGeometryType type = wkbFlatten(shape.getGeometryType());
  if (type == wkbPolygon) {
    const OGRLinearRing* ring = shape.toPolygon()->getExteriorRing();
    for (int i = 0; ring != nullptr && i + 1 < ring->getNumPoints(); ++i)
      corners.push_back({ring->getX(i), ring->getY(i)});
  } else if (OGR_GT_IsSubClassOf(type, wkbGeometryCollection)) {
    for (const OGRGeometry* part : *shape.toGeometryCollection()) add_corners(*part, corners);
  }
}

/// The image's rim in the layer's CRS, bent as it is there.
GeometryPointer rim_of(const Georeference& place, const TargetGrid& grid, OGRSpatialReference& crs,
                       const OGRSpatialReference* wanted) {
  constexpr int kSteps = 16;  // a side
  const auto width = static_cast<double>(grid.width), height = static_cast<double>(grid.height);
  OGRLinearRing ring;
  const auto add_side = [&](double from_x, double from_y, double to_x, double to_y) {
    for (int i = 0; i < kSteps; ++i) {
      const double t = static_cast<double>(i) / kSteps;
      const MapPoint p = place.to_map({from_x + t * (to_x - from_x), from_y + t * (to_y - from_y)});
      ring.addPoint(p.x, p.y);
    }
  };
  add_side(0, 0, width, 0);
  add_side(width, 0, width, height);
  add_side(width, height, 0, height);
  add_side(0, height, 0, 0);
  ring.closeRings();
  auto polygon = std::make_unique<OGRPolygon>();
  polygon->addRing(&ring);
  GeometryPointer rim(polygon.release());
  if (wanted == nullptr) return rim;
  rim->assignSpatialReference(&crs);
  if (rim->transformTo(const_cast<OGRSpatialReference*>(wanted)) != OGRERR_NONE) return nullptr;
  return rim;
}

}  // namespace

std::vector<VectorObject> read_vector_objects(const std::string& path, const TargetGrid& grid,
                                              const VectorObjectOptions& options) {
  set_up_gdal();
  GdalCall call(path);
  const DatasetPointer dataset = open_vectors(path, call);
  OGRLayer& layer = *dataset->GetLayer(0);
  const int column = options.attribute.empty() ? -1 : layer.GetLayerDefn()->GetFieldIndex(options.attribute.c_str());
  if (!options.attribute.empty() && column < 0)
    throw DataError(fmt::format("{}: has no column '{}'", path, options.attribute));
  const OGRSpatialReference* own = crs_of(layer);
  OGRSpatialReference crs;
  if (!grid.wkt.empty()) crs.importFromWkt(grid.wkt.c_str());
  crs.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  if (own != nullptr && crs.IsEmpty())
    throw DataError(fmt::format("{}: has a coordinate reference system, but the image that it labels has none", path));
  const Georeference place{grid.wkt, grid.transform};
  if (options.only_here) {
    const GeometryPointer rim = rim_of(place, grid, crs, own);
    call.check(rim != nullptr, "the image has no place in its coordinate reference system");
    layer.SetSpatialFilter(rim.get());
  }
  std::vector<VectorObject> objects;
  while (true) {
    const std::unique_ptr<OGRFeature> feature(layer.GetNextFeature());
    if (!feature) break;
    VectorObject object{.id = feature->GetFID(), .name = {}, .outline = {}};
    if (column >= 0) object.name = feature->GetFieldAsString(column);
    if (const GeometryPointer shape(feature->StealGeometry()); shape) {
      if (own != nullptr) call.check(shape->transformTo(&crs) == OGRERR_NONE, "cannot be reprojected");
      std::vector<MapPoint> corners;
      add_corners(*shape, corners);
      for (const MapPoint corner : corners) object.outline.push_back(place.to_pixel(corner));
    }
    objects.push_back(std::move(object));
  }
  call.check(true, "cannot be read");
  return objects;
}

std::string vector_crs_name(const std::string& path) {
  set_up_gdal();
  GdalCall call(path);
  const DatasetPointer dataset = open_vectors(path, call);
  const OGRSpatialReference* own = crs_of(*dataset->GetLayer(0));
  if (own == nullptr) return "none";
  char* text = nullptr;
  own->exportToWkt(&text);
  const std::string wkt = text == nullptr ? "" : text;
  CPLFree(text);
  return crs_name(wkt);
}

}  // namespace skysense
