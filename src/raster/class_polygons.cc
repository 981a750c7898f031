#include "raster/class_polygons.h"

#include <fmt/format.h>
#include <gdal_alg.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include "raster/gdal_call.h"

namespace skysense {
namespace {

constexpr const char* kAdvice = "check the free space and the permissions of the folder";

std::string quoted(const std::string& text) {
  std::string result;
  for (const char letter : text) result += letter == '\'' ? "''" : std::string(1, letter);
  return "'" + result + "'";
}

}  // namespace

int64_t write_class_polygons(const std::filesystem::path& map, const std::vector<std::string>& names,
                             const std::filesystem::path& output) {
  set_up_gdal();
  GdalCall call(output.string());
  const DatasetPointer raster(GDALDataset::Open(map.c_str(), GDAL_OF_RASTER));
  call.check(raster != nullptr, "the class map cannot be read");
  DatasetPointer file(
      GetGDALDriverManager()->GetDriverByName("GPKG")->Create(output.c_str(), 0, 0, 0, GDT_Unknown, nullptr));
  call.check(file != nullptr, "cannot be created", kAdvice);
  OGRLayer* layer =
      file->CreateLayer("classes", const_cast<OGRSpatialReference*>(raster->GetSpatialRef()), wkbPolygon, nullptr);
  call.check(layer != nullptr, "cannot be written", kAdvice);
  OGRFieldDefn number("class", OFTInteger), name("name", OFTString);
  layer->CreateField(&number);
  layer->CreateField(&name);
  GDALRasterBand* band = raster->GetRasterBand(1);
  call.check(layer->StartTransaction() == OGRERR_NONE, "cannot be written", kAdvice);
  const CPLErr done = GDALPolygonize(GDALRasterBand::ToHandle(band), GDALRasterBand::ToHandle(band->GetMaskBand()),
                                     OGRLayer::ToHandle(layer), 0, nullptr, nullptr, nullptr);
  call.check(done == CE_None && layer->CommitTransaction() == OGRERR_NONE, "cannot be written", kAdvice);
  for (size_t i = 0; i < names.size(); ++i)
    file->ExecuteSQL(fmt::format("UPDATE classes SET name = {} WHERE class = {}", quoted(names[i]), i).c_str(), nullptr,
                     nullptr);
  const int64_t count = layer->GetFeatureCount();
  file.reset();
  call.check(true, "cannot be written", kAdvice);
  return count;
}

}  // namespace skysense
