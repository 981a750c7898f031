#include "raster/coordinate_transform.h"

#include <ogr_spatialref.h>

#include "raster/gdal_call.h"

namespace skysense {

std::optional<CoordinateTransform> CoordinateTransform::between(const std::string& source_wkt,
                                                                const std::string& target_wkt) {
  GdalCall call("coordinate transformation");
  OGRSpatialReference source, target;
  if (source.importFromWkt(source_wkt.c_str()) != OGRERR_NONE) return std::nullopt;
  if (target.importFromWkt(target_wkt.c_str()) != OGRERR_NONE) return std::nullopt;
  source.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  target.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  std::unique_ptr<OGRCoordinateTransformation> made(OGRCreateCoordinateTransformation(&source, &target));
  if (made == nullptr) return std::nullopt;
  return CoordinateTransform(std::move(made));
}

CoordinateTransform::CoordinateTransform(std::unique_ptr<OGRCoordinateTransformation> transformation)
    : transformation_(std::move(transformation)) {}
CoordinateTransform::CoordinateTransform(CoordinateTransform&&) noexcept = default;
CoordinateTransform& CoordinateTransform::operator=(CoordinateTransform&&) noexcept = default;
CoordinateTransform::~CoordinateTransform() = default;

bool CoordinateTransform::apply(int64_t count, double* x, double* y) const {
  GdalCall call("coordinate transformation");
  return transformation_->Transform(static_cast<int>(count), x, y) != 0;
}

}  // namespace skysense
