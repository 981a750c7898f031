#include "raster/gdal_call.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <fmt/format.h>
#include <gdal_priv.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include "core/error.h"
#include "raster/raster_reader.h"

namespace skysense {
namespace {

constexpr int64_t kDefaultCacheBytes = int64_t{64} << 20;

void collect(CPLErr severity, CPLErrorNum, const char* message) {
  static_cast<GdalCall*>(CPLGetErrorHandlerUserData())->report(severity, message);
}

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  while (!text.empty() && (text.back() == '.' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace

void set_up_gdal() {
  static std::once_flag once;
  std::call_once(once, [] {
    GDALAllRegister();
    // A JPEG cut short is an error, not a picture with a grey end.
    CPLSetConfigOption("GDAL_ERROR_ON_LIBJPEG_WARNING", "TRUE");
    // Looking for side files must not list a folder of thousands of images for each of them.
    CPLSetConfigOption("GDAL_READDIR_LIMIT_ON_OPEN", "100");
    if (CPLGetConfigOption("GDAL_CACHEMAX", nullptr) == nullptr) GDALSetCacheMax64(kDefaultCacheBytes);
    // A server that says nothing must not stop a run for ever: give up on a request after a while, and try again a few
    // times, each time after a longer pause. What the environment says holds.
    for (const auto& [key, value] : {std::pair{"GDAL_HTTP_CONNECTTIMEOUT", "10"},
                                     {"GDAL_HTTP_TIMEOUT", "30"},
                                     {"GDAL_HTTP_MAX_RETRY", "3"},
                                     {"GDAL_HTTP_RETRY_DELAY", "1"}}) {
      if (CPLGetConfigOption(key, nullptr) == nullptr) CPLSetConfigOption(key, value);
    }
  });
}

void set_raster_cache_bytes(int64_t bytes) {
  set_up_gdal();
  GDALSetCacheMax64(bytes);
}

GdalCall::GdalCall(std::string where) : where_(std::move(where)) {
  set_up_gdal();
  CPLPushErrorHandlerEx(collect, this);
}

GdalCall::~GdalCall() { CPLPopErrorHandler(); }

void GdalCall::report(int severity, const char* message) {
  // The first error is the cause; later ones are its consequences.
  if (severity >= CE_Failure && error_.empty()) error_ = one_line(message);
  if (severity == CE_Warning && warning_.empty()) warning_ = one_line(message);
}

void GdalCall::check(bool succeeded, const std::string& what, const std::string& advice) {
  if (succeeded && error_.empty()) return;
  std::string line = fmt::format("{}: {}", where_, what);
  const std::string& message = error_.empty() ? warning_ : error_;
  if (!message.empty()) line += fmt::format(": {}", message);
  if (!advice.empty()) line += fmt::format("; {}", advice);
  throw DataError(line);
}

void DatasetCloser::operator()(GDALDataset* dataset) const { GDALClose(GDALDataset::ToHandle(dataset)); }

}  // namespace skysense
