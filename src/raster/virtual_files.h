#pragma once

#include <string>
#include <vector>

namespace skysense {

/// All files below a folder that GDAL can list ("/vsizip/archive.zip", /vsitar/ or a plain one), sorted, as paths that
/// GDAL opens. Empty where it cannot.
std::vector<std::string> list_virtual_files(const std::string& folder);

/// A small file that GDAL can read. Throws DataError where it cannot, or beyond 64 MiB.
std::string read_virtual_text(const std::string& path);

}  // namespace skysense
