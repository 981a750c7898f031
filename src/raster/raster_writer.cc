#include "raster/raster_writer.h"

#include <cpl_conv.h>
#include <cpl_string.h>
#include <fmt/format.h>
#include <gdal_priv.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

#include "core/error.h"
#include "core/files.h"
#include "raster/gdal_call.h"
#include "raster/raster_description.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

/// While it lives, what GDAL (3.6) says of values too large for halves goes unheard: it turns whole tiles into halves,
/// with their parts beyond the raster's edge, whose memory nobody has set. Everything else is reported to the call.
class RangeOverlooked {
 public:
  explicit RangeOverlooked(GdalCall& call) { CPLPushErrorHandlerEx(pass_on, &call); }
  ~RangeOverlooked() { CPLPopErrorHandler(); }
  RangeOverlooked(const RangeOverlooked&) = delete;
  RangeOverlooked& operator=(const RangeOverlooked&) = delete;

 private:
  static void pass_on(CPLErr severity, CPLErrorNum, const char* message) {
    if (std::strstr(message, "is beyond range of float16") == nullptr)
      static_cast<GdalCall*>(CPLGetErrorHandlerUserData())->report(severity, message);
  }
};

constexpr const char* kWriteAdvice = "check the free space and the permissions of the folder";
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
    if (layout.type == PixelType::kFloat16) options.SetNameValue("NBITS", "16");
  }
  pixels.reset(GetGDALDriverManager()
                   ->GetDriverByName(memory ? "MEM" : "GTiff")
                   ->Create(pixels_path.c_str(), static_cast<int>(layout.width), static_cast<int>(layout.height),
                            static_cast<int>(layout.bands), gdal_type(layout.type), options.List()));
  if (!memory || layout.type != PixelType::kFloat16 || !pixels) return;
  // The copy that becomes the output has the bits of its source, which of pixels in memory nobody told yet.
  for (int band = 1; band <= pixels->GetRasterCount(); ++band)
    pixels->GetRasterBand(band)->SetMetadataItem("NBITS", "16", "IMAGE_STRUCTURE");
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
    describe_raster(*impl_->pixels, layout);
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
  const RangeOverlooked padding(call);
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
  const RangeOverlooked padding(call);
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
