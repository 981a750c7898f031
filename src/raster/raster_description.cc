#include "raster/raster_description.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/error.h"

namespace skysense {
namespace {

// A tile with all of its bands is in memory several times while the output is compressed.
constexpr int64_t kTileBytes = int64_t{8} << 20;

}  // namespace

GDALDataType gdal_type(PixelType type) {
  switch (type) {
    case PixelType::kUInt8:
      return GDT_Byte;
    case PixelType::kInt16:
      return GDT_Int16;
    case PixelType::kUInt16:
      return GDT_UInt16;
    case PixelType::kInt32:
      return GDT_Int32;
    case PixelType::kFloat32:
    case PixelType::kFloat16:
      return GDT_Float32;
  }
  throw std::logic_error("unknown pixel type");
}

int64_t tile_side(const RasterLayout& layout) {
  constexpr int64_t kUnit = 16;  // of TIFF
  const int64_t extent = std::max(layout.width, layout.height);
  int64_t side = std::min<int64_t>(layout.format == "GTiff" ? 256 : 512, (extent + kUnit - 1) / kUnit * kUnit);
  const int64_t pixel_bytes = layout.bands * GDALGetDataTypeSizeBytes(gdal_type(layout.type));
  while (side > 128 && side * side * pixel_bytes > kTileBytes) side = side / 2 / kUnit * kUnit;
  return side;
}

CPLStringList driver_options(const RasterLayout& layout) {
  CPLStringList options;
  if (layout.format == "COG") {
    options.SetNameValue("COMPRESS", "DEFLATE");
    options.SetNameValue("PREDICTOR", "YES");
    constexpr int64_t kSmallestTile = 128;  // of that driver
    options.SetNameValue("BLOCKSIZE", std::to_string(std::max(kSmallestTile, tile_side(layout))).c_str());
    options.SetNameValue("BIGTIFF", "IF_SAFER");
    options.SetNameValue("OVERVIEW_RESAMPLING", layout.average_overviews ? "AVERAGE" : "NEAREST");
  } else if (layout.format == "GTiff") {
    options.SetNameValue("COMPRESS", "DEFLATE");
    options.SetNameValue("TILED", "YES");
    options.SetNameValue("BLOCKXSIZE", std::to_string(tile_side(layout)).c_str());
    options.SetNameValue("BLOCKYSIZE", std::to_string(tile_side(layout)).c_str());
    options.SetNameValue("BIGTIFF", "IF_SAFER");
  }
  for (const std::string& option : layout.creation_options) {
    const size_t equals = option.find('=');
    if (equals == std::string::npos || equals == 0)
      throw UsageError(fmt::format("--co {}: expected NAME=VALUE", option));
    options.SetNameValue(option.substr(0, equals).c_str(), option.substr(equals + 1).c_str());
  }
  return options;
}

void describe_raster(GDALDataset& dataset, const RasterLayout& layout) {
  if (layout.georeference.known()) {
    OGRSpatialReference crs;
    crs.importFromWkt(layout.georeference.wkt.c_str());
    dataset.SetSpatialRef(&crs);
    auto transform = layout.georeference.transform;  // the call takes no constant
    dataset.SetGeoTransform(transform.data());
  }
  for (const auto& [key, value] : layout.tags) dataset.SetMetadataItem(key.c_str(), value.c_str());
  if (!layout.class_names.empty())
    dataset.SetMetadataItem("CLASS_NAMES", nlohmann::json(layout.class_names).dump().c_str());
  const auto per_band = [&](size_t count, const char* what) {
    if (count != 0 && count != static_cast<size_t>(layout.bands))
      throw std::logic_error(fmt::format("RasterLayout: {} {} for {} bands", count, what, layout.bands));
    return count != 0;
  };
  const bool names = per_band(layout.band_names.size(), "names"), scales = per_band(layout.scales.size(), "scales"),
             offsets = per_band(layout.offsets.size(), "offsets");
  for (int number = 1; number <= dataset.GetRasterCount(); ++number) {
    GDALRasterBand& band = *dataset.GetRasterBand(number);
    const size_t i = static_cast<size_t>(number - 1);
    if (layout.nodata) band.SetNoDataValue(*layout.nodata);
    if (names) band.SetDescription(layout.band_names[i].c_str());
    if (scales) band.SetScale(layout.scales[i]);
    if (offsets) band.SetOffset(layout.offsets[i]);
  }
  if (!layout.colours.empty()) {
    GDALColorTable table;
    for (size_t i = 0; i < layout.colours.size(); ++i) {
      const auto& colour = layout.colours[i];
      const GDALColorEntry entry{colour[0], colour[1], colour[2], 255};
      table.SetColorEntry(static_cast<int>(i), &entry);
    }
    dataset.GetRasterBand(1)->SetColorTable(&table);
  }
}

}  // namespace skysense
