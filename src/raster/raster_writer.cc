#include "raster/raster_writer.h"

#include <cpl_conv.h>
#include <cpl_string.h>
#include <fmt/format.h>
#include <gdal_priv.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/error.h"
#include "core/files.h"
#include "raster/gdal_call.h"
#include "raster/raster_reader.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWriteAdvice = "check the free space and the permissions of the folder";
// A tile with all of its bands is in memory several times while the output is compressed.
constexpr int64_t kTileBytes = int64_t{8} << 20;

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
      return GDT_Float32;
  }
  throw std::logic_error("unknown pixel type");
}

/// The side of a tile: 512, or 256 of plain GeoTIFFs, which data sets are made of and random crops are read from; less
/// for many bands and for rasters that a smaller tile covers (a tile is stored, and unpacked, whole).
int64_t tile_side(const RasterLayout& layout) {
  constexpr int64_t kUnit = 16;  // of TIFF
  const int64_t extent = std::max(layout.width, layout.height);
  int64_t side = std::min<int64_t>(layout.format == "GTiff" ? 256 : 512, (extent + kUnit - 1) / kUnit * kUnit);
  const int64_t pixel_bytes = layout.bands * GDALGetDataTypeSizeBytes(gdal_type(layout.type));
  while (side > 128 && side * side * pixel_bytes > kTileBytes) side = side / 2 / kUnit * kUnit;
  return side;
}

/// Options of the output's driver: sound defaults, replaced by the user's.
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

GDALDriver& find_driver(const std::string& format) {
  GDALDriver* driver = GetGDALDriverManager()->GetDriverByName(format.c_str());
  const bool copies = driver != nullptr && driver->GetMetadataItem(GDAL_DCAP_CREATECOPY) != nullptr;
  if (!copies) throw UsageError(fmt::format("--of {}: GDAL here writes no such format; try COG, GTiff or PNG", format));
  return *driver;
}

}  // namespace

struct RasterWriter::Impl {
  fs::path path, pixels_path, output_path;
  RasterLayout layout;
  Staging staging;
  DatasetPointer pixels;
  bool finished = false;

  void create_pixels();
  void describe();
  void remove_temporaries() const;
  template <class T>
  void write(const PixelWindow& window, const T* values, GDALDataType type);
};

void RasterWriter::Impl::create_pixels() {
  const bool memory = staging == Staging::kMemory;
  CPLStringList options;
  if (!memory) {
    options.SetNameValue("TILED", "YES");
    options.SetNameValue("BLOCKXSIZE", std::to_string(tile_side(layout)).c_str());
    options.SetNameValue("BLOCKYSIZE", std::to_string(tile_side(layout)).c_str());
    options.SetNameValue("INTERLEAVE", "BAND");
    options.SetNameValue("BIGTIFF", "IF_SAFER");
    options.SetNameValue("SPARSE_OK", "TRUE");
    options.SetNameValue("ALPHA", "NO");  // GDAL takes the fourth of four 8-bit bands for transparency
  }
  pixels.reset(GetGDALDriverManager()
                   ->GetDriverByName(memory ? "MEM" : "GTiff")
                   ->Create(pixels_path.c_str(), static_cast<int>(layout.width), static_cast<int>(layout.height),
                            static_cast<int>(layout.bands), gdal_type(layout.type), options.List()));
}

void RasterWriter::Impl::describe() {
  GDALDataset& dataset = *pixels;
  if (layout.georeference.known()) {
    OGRSpatialReference crs;
    crs.importFromWkt(layout.georeference.wkt.c_str());
    dataset.SetSpatialRef(&crs);
    dataset.SetGeoTransform(layout.georeference.transform.data());
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

void RasterWriter::Impl::remove_temporaries() const {
  std::error_code ignored;
  for (const fs::path& file : {pixels_path, output_path}) {
    for (const char* suffix : {"", ".ovr.tmp", ".msk.ovr.tmp", ".warped.tmp", ".aux.xml"})
      fs::remove(fs::path(file.string() + suffix), ignored);
  }
}

RasterWriter::RasterWriter(const fs::path& path, const RasterLayout& layout, Staging staging)
    : impl_(std::make_unique<Impl>()) {
  if (layout.width <= 0 || layout.height <= 0 || layout.bands <= 0)
    throw std::logic_error("RasterLayout: a raster without pixels");
  GdalCall call(path.string());
  GDALDriver& driver = find_driver(layout.format);
  const CPLStringList options = driver_options(layout);
  if (!GDALValidateCreationOptions(&driver, options.List()))
    call.check(false, "a creation option is refused", "see gdalinfo --format " + layout.format);

  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const std::string stem = fmt::format(".{}.{}", path.filename().string(), ::getpid());
  impl_->path = path;
  impl_->layout = layout;
  impl_->staging = staging;
  impl_->pixels_path = folder / (stem + ".pixels.tmp");
  impl_->output_path = folder / (stem + ".output.tmp");
  impl_->create_pixels();
  try {
    call.check(impl_->pixels != nullptr, "cannot be created", kWriteAdvice);
    impl_->describe();
    call.check(true, "its description cannot be written");
  } catch (...) {
    impl_->pixels.reset();
    impl_->remove_temporaries();
    throw;
  }
}

RasterWriter::~RasterWriter() {
  if (impl_->finished) return;
  {
    GdalCall quiet(impl_->path.string());  // whatever fails now has been reported, or concerns an abandoned file
    impl_->pixels.reset();
  }
  impl_->remove_temporaries();
}

template <class T>
void RasterWriter::Impl::write(const PixelWindow& window, const T* values, GDALDataType type) {
  if (window.intersect({0, 0, layout.width, layout.height}) != window || !pixels)
    throw std::logic_error("RasterWriter::write: outside the raster, or finished");
  if (window.pixels() == 0) return;
  GdalCall call(path.string());
  const CPLErr result = pixels->RasterIO(
      GF_Write, static_cast<int>(window.x), static_cast<int>(window.y), static_cast<int>(window.width),
      static_cast<int>(window.height), const_cast<T*>(values), static_cast<int>(window.width),
      static_cast<int>(window.height), type, static_cast<int>(layout.bands), nullptr, 0, 0, 0, nullptr);
  call.check(result == CE_None, "cannot be written", kWriteAdvice);
}

void RasterWriter::write(const PixelWindow& window, const float* values) { impl_->write(window, values, GDT_Float32); }
void RasterWriter::write(const PixelWindow& window, const uint8_t* values) { impl_->write(window, values, GDT_Byte); }

void RasterWriter::finish() {
  Impl& impl = *impl_;
  GdalCall call(impl.path.string());
  impl.pixels->FlushCache(false);  // reports its errors through the handler only
  call.check(true, "cannot be written", kWriteAdvice);
  CPLSetThreadLocalConfigOption("GDAL_PAM_ENABLED", "NO");  // no side file: the output is one file
  DatasetPointer output(find_driver(impl.layout.format)
                            .CreateCopy(impl.output_path.c_str(), impl.pixels.get(), FALSE,
                                        driver_options(impl.layout).List(), nullptr, nullptr));
  const bool copied = output != nullptr;
  output.reset();
  CPLSetThreadLocalConfigOption("GDAL_PAM_ENABLED", nullptr);
  call.check(copied, "cannot be written", kWriteAdvice);
  impl.pixels.reset();
  const bool flush = impl.staging == Staging::kFile;
  if (flush) sync_to_disk(impl.output_path);
  std::error_code error;
  fs::rename(impl.output_path, impl.path, error);
  if (error) throw DataError(fmt::format("{}: cannot be written: {}", impl.path.string(), error.message()));
  if (flush) sync_to_disk(impl.path.has_parent_path() ? impl.path.parent_path() : fs::path("."));
  impl.finished = true;
  impl.remove_temporaries();
}

void write_raster(const fs::path& path, const RasterLayout& layout, const float* values) {
  RasterWriter writer(path, layout, Staging::kMemory);
  writer.write({0, 0, layout.width, layout.height}, values);
  writer.finish();
}

}  // namespace skysense
