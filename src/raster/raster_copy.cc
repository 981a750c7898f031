#include "raster/raster_copy.h"

#include <cpl_conv.h>
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <fmt/format.h>
#include <gdal_priv.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <utility>

#include "raster/gdal_call.h"
#include "raster/raster_reader.h"
#include "raster/vsi_file.h"

namespace skysense {
namespace {

constexpr int64_t kPiece = int64_t{1} << 20;

/// Suffix of a format whose files stand alone within an archive; empty for others.
std::string suffix_of(const std::string& driver) {
  static const std::array<std::pair<const char*, const char*>, 5> kinds = {
      {{"GTiff", "tif"}, {"COG", "tif"}, {"JPEG", "jpg"}, {"PNG", "png"}, {"JP2OpenJPEG", "jp2"}}};
  for (const auto& [name, suffix] : kinds) {
    if (driver == name) return suffix;
  }
  return "";
}

std::string fresh_memory_path() {
  static std::atomic<int64_t> number = 0;
  return fmt::format("/vsimem/skysense-copy-{}.tif", number++);
}

bool all_integer(GDALDataset& dataset) {
  for (int band = 1; band <= dataset.GetRasterCount(); ++band) {
    if (GDALDataTypeIsFloating(dataset.GetRasterBand(band)->GetRasterDataType())) return false;
  }
  return true;
}

void convert(GDALDataset& source, const std::string& path, const std::string& memory) {
  CPLStringList options;
  options.SetNameValue("TILED", "YES");
  options.SetNameValue("COMPRESS", "DEFLATE");
  options.SetNameValue("PREDICTOR", all_integer(source) ? "2" : "3");
  options.SetNameValue("BIGTIFF", "IF_SAFER");
  GdalCall call(path);
  CPLSetThreadLocalConfigOption("GDAL_TIFF_INTERNAL_MASK", "YES");
  GDALDataset* copy = GetGDALDriverManager()->GetDriverByName("GTiff")->CreateCopy(memory.c_str(), &source, FALSE,
                                                                                   options.List(), nullptr, nullptr);
  CPLSetThreadLocalConfigOption("GDAL_TIFF_INTERNAL_MASK", nullptr);
  const bool made = copy != nullptr;
  if (made) GDALClose(copy);
  call.check(made, "cannot be converted to GeoTIFF");
}

/// A mask of the layer on its own grid.
void write_mask(const std::string& path, const std::vector<int64_t>& valid_values, const std::string& memory) {
  const RasterReader reader(path);
  const std::vector<int64_t> first = {0};
  const size_t pixels = static_cast<size_t>(reader.width() * reader.height());
  std::vector<float> values(pixels);
  std::vector<uint8_t> known(pixels);
  reader.read({0, 0, reader.width(), reader.height()}, first, values.data(), known.data());
  for (size_t i = 0; i < pixels; ++i) {
    const int64_t value = std::llround(values[i]);
    const bool good = known[i] != 0 && std::find(valid_values.begin(), valid_values.end(), value) != valid_values.end();
    known[i] = good ? 1 : 0;
  }
  GdalCall call(path);
  GDALDriver& driver = *GetGDALDriverManager()->GetDriverByName("GTiff");
  CPLStringList options;
  options.SetNameValue("COMPRESS", "DEFLATE");
  const int width = static_cast<int>(reader.width()), height = static_cast<int>(reader.height());
  GDALDataset* mask = driver.Create(memory.c_str(), width, height, 1, GDT_Byte, options.List());
  call.check(mask != nullptr, "its mask cannot be made");
  if (reader.georeference().known()) {
    const OGRSpatialReference crs(reader.georeference().wkt.c_str());
    mask->SetSpatialRef(&crs);
    auto transform = reader.georeference().transform;
    mask->SetGeoTransform(transform.data());
  }
  const CPLErr written = mask->GetRasterBand(1)->RasterIO(GF_Write, 0, 0, width, height, known.data(), width, height,
                                                          GDT_Byte, 0, 0, nullptr);
  GDALClose(mask);
  call.check(written == CE_None, "its mask cannot be made");
}

int64_t vsi_size(const std::string& path) {
  VSIStatBufL info{};
  return VSIStatL(path.c_str(), &info) == 0 && VSI_ISREG(info.st_mode) ? static_cast<int64_t>(info.st_size) : -1;
}

}  // namespace

RasterCopy::RasterCopy(const std::string& path, const std::vector<int64_t>& valid_values) : path_(path) {
  if (!valid_values.empty()) {
    memory_ = fresh_memory_path();
    write_mask(path, valid_values, memory_);
  } else {
    GdalCall call(path);
    const DatasetPointer dataset(
        GDALDataset::Open(path.c_str(), GDAL_OF_RASTER | GDAL_OF_READONLY | GDAL_OF_VERBOSE_ERROR));
    call.check(dataset != nullptr, "cannot be opened");
    const CPLStringList files(dataset->GetFileList());
    suffix_ = suffix_of(dataset->GetDriverName());
    const bool alone = files.size() <= 1 && (files.size() == 0 || path == files[0]);
    bytes_ = vsi_size(path);
    if (suffix_.empty() || !alone || bytes_ < 0) {
      memory_ = fresh_memory_path();
      convert(*dataset, path, memory_);
    }
  }
  if (converted()) {
    suffix_ = "tif";
    bytes_ = vsi_size(memory_);
  }
}

RasterCopy::~RasterCopy() {
  if (converted()) VSIUnlink(memory_.c_str());
}

void RasterCopy::copy(const std::function<void(std::string_view)>& write) const {
  VsiFile file(converted() ? memory_ : path_);
  for (std::string piece = file.read(kPiece); !piece.empty(); piece = file.read(kPiece)) write(piece);
}

}  // namespace skysense
