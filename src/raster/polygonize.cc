#include "raster/polygonize.h"

#include <gdal_alg.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include "raster/gdal_call.h"

namespace skysense {

std::vector<LabelledArea> polygonize(const std::vector<int32_t>& values, int64_t width, int64_t height,
                                     int32_t background, const Georeference& georeference) {
  set_up_gdal();
  GdalCall call("polygonizing");
  const auto columns = static_cast<int>(width), rows = static_cast<int>(height);
  const DatasetPointer raster(
      GetGDALDriverManager()->GetDriverByName("MEM")->Create("", columns, rows, 1, GDT_Int32, nullptr));
  call.check(raster != nullptr, "no raster of that size");
  std::array<double, 6> transform = georeference.transform;
  raster->SetGeoTransform(transform.data());
  GDALRasterBand* band = raster->GetRasterBand(1);
  band->SetNoDataValue(background);
  const CPLErr written = band->RasterIO(GF_Write, 0, 0, columns, rows, const_cast<int32_t*>(values.data()), columns,
                                        rows, GDT_Int32, 0, 0, nullptr);
  call.check(written == CE_None, "the values cannot be held");
  const DatasetPointer shapes(
      GetGDALDriverManager()->GetDriverByName("Memory")->Create("", 0, 0, 0, GDT_Unknown, nullptr));
  OGRLayer* layer = shapes->CreateLayer("areas", nullptr, wkbPolygon, nullptr);
  OGRFieldDefn field("value", OFTInteger);
  layer->CreateField(&field);
  const CPLErr done = GDALPolygonize(GDALRasterBand::ToHandle(band), GDALRasterBand::ToHandle(band->GetMaskBand()),
                                     OGRLayer::ToHandle(layer), 0, nullptr, nullptr, nullptr);
  call.check(done == CE_None, "failed");
  std::vector<LabelledArea> areas;
  for (auto& feature : *layer) {
    areas.push_back(
        {feature->GetFieldAsInteger(0), std::unique_ptr<OGRPolygon>(feature->StealGeometry()->toPolygon())});
  }
  return areas;
}

}  // namespace skysense
