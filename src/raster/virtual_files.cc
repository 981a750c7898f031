#include "raster/virtual_files.h"

#include <cpl_string.h>
#include <cpl_vsi.h>

#include <algorithm>

#include "core/error.h"
#include "raster/gdal_call.h"

namespace skysense {

std::vector<std::string> list_virtual_files(const std::string& folder) {
  GdalCall call(folder);
  const CPLStringList entries(VSIReadDirRecursive(folder.c_str()));
  std::vector<std::string> files;
  for (int i = 0; i < entries.Count(); ++i) {
    const std::string entry = entries[i];
    if (!entry.ends_with("/")) files.push_back(folder + "/" + entry);
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string read_virtual_text(const std::string& path) {
  constexpr GIntBig kMost = GIntBig{64} << 20;
  GdalCall call(path);
  GByte* bytes = nullptr;
  vsi_l_offset size = 0;
  const bool read = VSIIngestFile(nullptr, path.c_str(), &bytes, &size, kMost) != 0;
  const std::string text(read ? reinterpret_cast<const char*>(bytes) : "", read ? size : 0);
  VSIFree(bytes);
  call.check(read, "cannot be read", "check that it is there and was copied whole");
  return text;
}

}  // namespace skysense
