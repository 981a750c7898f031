#include "raster/geotiff_bytes.h"

#include <cpl_conv.h>
#include <cpl_vsi.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "raster/gdal_call.h"
#include "raster/raster_description.h"

namespace skysense {
namespace {

/// A file in GDAL's memory, removed at the end.
struct MemoryFile {
  MemoryFile() : path(fmt::format("/vsimem/skysense-bytes-{}.tif", number++)) {}
  ~MemoryFile() { VSIUnlink(path.c_str()); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  static inline std::atomic<int64_t> number = 0;
  const std::string path;
};

/// GDAL settings of this thread while the file is written.
struct InternalMask {
  InternalMask() { CPLSetThreadLocalConfigOption("GDAL_TIFF_INTERNAL_MASK", "YES"); }
  ~InternalMask() { CPLSetThreadLocalConfigOption("GDAL_TIFF_INTERNAL_MASK", nullptr); }
  InternalMask(const InternalMask&) = delete;
  InternalMask& operator=(const InternalMask&) = delete;
};

CPLErr write_band(GDALRasterBand& band, const void* values, GDALDataType type) {
  const int width = band.GetXSize(), height = band.GetYSize();
  return band.RasterIO(GF_Write, 0, 0, width, height, const_cast<void*>(values), width, height, type, 0, 0, nullptr);
}

DatasetPointer raster_in_memory(const RasterLayout& layout, const float* values, const uint8_t* valid, GdalCall& call) {
  DatasetPointer dataset(GetGDALDriverManager()->GetDriverByName("MEM")->Create(
      "", static_cast<int>(layout.width), static_cast<int>(layout.height), static_cast<int>(layout.bands),
      gdal_type(layout.type), nullptr));
  call.check(dataset != nullptr, "cannot be made in memory");
  describe_raster(*dataset, layout);
  bool written = true;
  for (int64_t band = 0; band < layout.bands; ++band) {
    written = written && write_band(*dataset->GetRasterBand(static_cast<int>(band) + 1),
                                    values + band * layout.width * layout.height, GDT_Float32) == CE_None;
  }
  if (valid != nullptr) {
    std::vector<uint8_t> mask(valid, valid + layout.width * layout.height);
    std::for_each(mask.begin(), mask.end(), [](uint8_t& value) { value = value != 0 ? 255 : 0; });
    written = written && dataset->CreateMaskBand(GMF_PER_DATASET) == CE_None &&
              write_band(*dataset->GetRasterBand(1)->GetMaskBand(), mask.data(), GDT_Byte) == CE_None;
  }
  call.check(written, "cannot be made in memory");
  return dataset;
}

}  // namespace

std::string geotiff_bytes(const RasterLayout& layout, const float* values, const uint8_t* valid,
                          const std::string& origin) {
  set_up_gdal();
  GdalCall call(origin);
  RasterLayout file_layout = layout;
  file_layout.format = "GTiff";
  file_layout.creation_options.push_back(layout.type == PixelType::kFloat32 ? "PREDICTOR=3" : "PREDICTOR=2");
  file_layout.creation_options.push_back("ALPHA=NO");  // GDAL takes the fourth of four 8-bit bands for transparency
  const DatasetPointer pixels = raster_in_memory(file_layout, values, valid, call);
  const MemoryFile file;
  const InternalMask setting;
  DatasetPointer copy(GetGDALDriverManager()->GetDriverByName("GTiff")->CreateCopy(
      file.path.c_str(), pixels.get(), FALSE, driver_options(file_layout).List(), nullptr, nullptr));
  const bool made = copy != nullptr;
  copy.reset();
  call.check(made, "cannot be made a GeoTIFF");
  vsi_l_offset bytes = 0;
  const GByte* data = VSIGetMemFileBuffer(file.path.c_str(), &bytes, FALSE);
  call.check(data != nullptr, "cannot be made a GeoTIFF");
  return {reinterpret_cast<const char*>(data), static_cast<size_t>(bytes)};
}

}  // namespace skysense
