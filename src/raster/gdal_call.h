#pragma once

#include <memory>
#include <string>

class GDALDataset;

namespace skysense {

/// Registers the drivers and sets what every use of GDAL in this process relies on; cheap after the first call.
void set_up_gdal();

/// The one place where a GDAL error becomes an exception. While it lives, GDAL's messages on this thread are collected
/// instead of printed; `check` throws where a call failed or an error was reported meanwhile (GDAL reports some write
/// errors only so, while the call itself succeeds).
class GdalCall {
 public:
  /// `where` names the file, and the band where there is one: the beginning of the error's line.
  explicit GdalCall(std::string where);
  ~GdalCall();
  GdalCall(const GdalCall&) = delete;
  GdalCall& operator=(const GdalCall&) = delete;

  /// Throws DataError "<where>: <what>: <GDAL's message>; <advice>" unless `succeeded` and no error was reported.
  void check(bool succeeded, const std::string& what, const std::string& advice = "");
  /// The first error reported, or empty.
  const std::string& error() const { return error_; }

  /// Called by GDAL's handler.
  void report(int severity, const char* message);

 private:
  std::string where_, error_, warning_;
};

struct DatasetCloser {
  void operator()(GDALDataset* dataset) const;
};
/// An open dataset that closes itself. Where writing errors matter, close within a GdalCall and check it.
using DatasetPointer = std::unique_ptr<GDALDataset, DatasetCloser>;

}  // namespace skysense
