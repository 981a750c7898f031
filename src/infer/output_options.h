#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace skysense {

/// Where a raster product goes and how it is written.
struct OutputOptions {
  std::filesystem::path path;
  bool overwrite = false;
  std::string format = "COG";                      ///< --of
  std::vector<std::string> creation_options = {};  ///< --co NAME=VALUE
  bool half = false;  ///< --dtype float16: values of half precision in 32-bit bands, which compress to about half
};

}  // namespace skysense
