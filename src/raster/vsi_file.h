#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace skysense {

/// Where GDAL finds what a user names: "https://host/data" -> "/vsicurl/https://host/data", "s3://bucket/data" ->
/// "/vsis3/bucket/data", "gs://" -> "/vsigs/"; other text stands as it is.
std::string vsi_location(const std::string& text);
/// Whether a location is GDAL's to read ("/vsicurl/…", "/vsizip/…") and not the operating system's.
bool is_vsi(const std::string& location);

/// A file of any of GDAL's file systems, local ones included, open for reading. Errors are DataErrors naming it.
/// One thread at a time.
class VsiFile {
 public:
  explicit VsiFile(const std::string& path);
  ~VsiFile();
  VsiFile(const VsiFile&) = delete;
  VsiFile& operator=(const VsiFile&) = delete;

  int64_t size() const { return size_; }
  /// The next bytes, at most `limit`; empty at the end.
  std::string read(int64_t limit);

 private:
  const std::string path_;
  void* file_ = nullptr;
  int64_t size_ = 0;
};

/// A whole file as text. Throws DataError where it is larger than `most` bytes.
std::string read_vsi_text(const std::string& path, int64_t most = std::numeric_limits<int64_t>::max());
/// All files below a folder that GDAL can list ("/vsizip/archive.zip", /vsitar/ or a plain one), sorted, as paths that
/// GDAL opens. Empty where it cannot.
std::vector<std::string> list_vsi_files(const std::string& folder);
/// Whether the file can be found there. A server that does not answer is a DataError, not an absent file.
bool vsi_exists(const std::string& path);

}  // namespace skysense
