#include "ingest/validity_layer.h"

#include <filesystem>

namespace skysense {

std::vector<int64_t> layer_valid_values(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename().string();
  if (name.find("SCL") != std::string::npos || name.find("scl") != std::string::npos) return {4, 5, 6, 7, 11};
  return {};
}

}  // namespace skysense
