#include "raster/burn_areas.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gdal_alg.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <algorithm>
#include <memory>

#include "core/error.h"
#include "raster/gdal_call.h"

namespace skysense {
namespace {

struct GeometryDeleter {
  void operator()(OGRGeometry* geometry) const { OGRGeometryFactory::destroyGeometry(geometry); }
};

/// Areas in the grid's CRS and the classes to draw them with.
struct Areas {
  std::vector<std::unique_ptr<OGRGeometry, GeometryDeleter>> shapes;
  std::vector<double> classes;
};

double class_of(const std::string& path, const std::string& value, const std::vector<std::string>& classes) {
  for (size_t k = 0; k < classes.size(); ++k) {
    if (value == classes[k] || value == std::to_string(k)) return static_cast<double>(k);
  }
  throw DataError(fmt::format("{}: '{}' is none of the classes {}", path, value, fmt::join(classes, ", ")));
}

Areas read_areas(const std::string& path, const std::string& attribute, const std::vector<std::string>& classes,
                 OGRSpatialReference& crs, GdalCall& call) {
  const DatasetPointer dataset(
      GDALDataset::Open(path.c_str(), GDAL_OF_VECTOR | GDAL_OF_VERBOSE_ERROR, nullptr, nullptr, nullptr));
  call.check(dataset != nullptr && dataset->GetLayerCount() > 0, "cannot be opened as vectors", "check the path");
  OGRLayer& layer = *dataset->GetLayer(0);
  const int column = attribute.empty() ? -1 : layer.GetLayerDefn()->GetFieldIndex(attribute.c_str());
  if (!attribute.empty() && column < 0) throw DataError(fmt::format("{}: has no column '{}'", path, attribute));
  const OGRSpatialReference* own = layer.GetSpatialRef();
  if (own != nullptr && crs.IsEmpty()) {
    throw DataError(fmt::format("{}: has a coordinate reference system, but the image that it labels has none", path));
  }
  Areas areas;
  while (true) {
    const std::unique_ptr<OGRFeature> feature(layer.GetNextFeature());
    if (!feature) break;
    std::unique_ptr<OGRGeometry, GeometryDeleter> shape(feature->StealGeometry());
    if (!shape || shape->getDimension() < 2) continue;
    if (own != nullptr) call.check(shape->transformTo(&crs) == OGRERR_NONE, "cannot be reprojected");
    areas.classes.push_back(column < 0 ? 1.0 : class_of(path, feature->GetFieldAsString(column), classes));
    areas.shapes.push_back(std::move(shape));
  }
  call.check(true, "cannot be read");
  return areas;
}

}  // namespace

std::vector<int64_t> burn_areas(const std::string& path, const std::string& attribute,
                                const std::vector<std::string>& classes, const TargetGrid& grid) {
  set_up_gdal();
  GdalCall call(path);
  OGRSpatialReference crs;
  if (!grid.wkt.empty()) crs.importFromWkt(grid.wkt.c_str());
  crs.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  Areas areas = read_areas(path, attribute, classes, crs, call);
  const auto width = static_cast<int>(grid.width), height = static_cast<int>(grid.height);
  const DatasetPointer canvas(
      GetGDALDriverManager()->GetDriverByName("MEM")->Create("", width, height, 1, GDT_Int32, nullptr));
  call.check(canvas != nullptr, "no memory for its labels");
  std::array<double, 6> transform = grid.transform;
  canvas->SetGeoTransform(transform.data());
  canvas->GetRasterBand(1)->Fill(0);
  std::vector<OGRGeometryH> shapes;
  for (const auto& shape : areas.shapes) shapes.push_back(OGRGeometry::ToHandle(shape.get()));
  int band = 1;
  if (!shapes.empty()) {
    const CPLErr result =
        GDALRasterizeGeometries(GDALDataset::ToHandle(canvas.get()), 1, &band, static_cast<int>(shapes.size()),
                                shapes.data(), nullptr, nullptr, areas.classes.data(), nullptr, nullptr, nullptr);
    call.check(result == CE_None, "cannot be drawn");
  }
  std::vector<int32_t> cells(static_cast<size_t>(grid.width * grid.height));
  const CPLErr result = canvas->GetRasterBand(1)->RasterIO(GF_Read, 0, 0, width, height, cells.data(), width, height,
                                                           GDT_Int32, 0, 0, nullptr);
  call.check(result == CE_None, "cannot be drawn");
  return {cells.begin(), cells.end()};
}

}  // namespace skysense
