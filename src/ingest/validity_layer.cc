#include "ingest/validity_layer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include "ingest/band_names.h"

namespace skysense {
bool is_cloud_mask(const std::string& path) {
  static const std::array<std::string, 6> kWords = {"cloud", "clouds", "cloudmask", "clm", "qa60", "classi"};
  const std::string name = lower_case(std::filesystem::path(path).stem().string());
  std::string word;
  for (const char c : name + "_") {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      word += c;
    } else {
      if (std::find(kWords.begin(), kWords.end(), word) != kWords.end()) return true;
      word.clear();
    }
  }
  return false;
}

std::vector<int64_t> layer_valid_values(const std::string& path) {
  const std::filesystem::path file(path);
  const std::string name = lower_case(file.stem().string());
  const bool in_scl_folder = lower_case(file.parent_path().filename().string()) == "scl";
  if (in_scl_folder || name.find("scl") != std::string::npos) return {2, 4, 5, 6, 7, 11};
  if (name.find("qa_pixel") != std::string::npos) return {21824, 21952, 30048};
  if (is_cloud_mask(path)) return {0};
  return {};
}

}  // namespace skysense
