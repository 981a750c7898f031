#pragma once

#include <string>

namespace skysense {

/// A data set's folder, on disk or anywhere that GDAL reads: "data/set", "/vsis3/bucket/set", "s3://bucket/set",
/// "https://host/set".
class DatasetLocation {
 public:
  explicit DatasetLocation(const std::string& text);

  /// The folder as GDAL names it, without a slash at its end.
  const std::string& folder() const { return folder_; }
  std::string file(const std::string& name) const { return folder_ + "/" + name; }
  bool exists(const std::string& name) const;
  /// The text of a file of it. Throws DataError.
  std::string read(const std::string& name) const;

 private:
  std::string folder_;
};

}  // namespace skysense
