#include "ingest/band_names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <regex>

namespace skysense {
std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string canonical_band(const std::string& text) {
  const std::string lower = lower_case(text);
  static const std::regex landsat("(^|[^a-z0-9])sr_?b([1-7])([^a-z0-9]|$)"),
      sentinel2("(^|[^a-z0-9])b(0?[1-9]|1[0-2]|0?8a)([^a-z0-9]|$)"), radar("(^|[^a-z0-9])(vv|vh|hh|hv)([^a-z0-9]|$)");
  std::smatch match;
  if (std::regex_search(lower, match, landsat)) return "SR_B" + match[2].str();
  if (std::regex_search(lower, match, sentinel2)) {
    std::string number = match[2].str();
    if (number.size() == 1 || number == "8a") number = number == "8a" ? "8A" : "0" + number;
    if (number == "08a") number = "8A";
    return "B" + number;
  }
  if (std::regex_search(lower, match, radar)) {
    const std::string name = match[2].str();
    return {static_cast<char>(std::toupper(name[0])), static_cast<char>(std::toupper(name[1]))};
  }
  if (lower == "near infrared" || lower == "near-infrared" || lower == "nir" || lower == "n") return "nir";
  static const std::array<std::pair<const char*, const char*>, 3> letters = {
      {{"r", "red"}, {"g", "green"}, {"b", "blue"}}};
  for (const auto& [letter, name] : letters) {
    if (lower == letter) return name;
  }
  return lower;
}

std::optional<std::vector<std::string>> product_band_order(const std::string& sensor, int64_t count) {
  if (sensor.starts_with("sentinel2-l2a") && count == 12) {
    return std::vector<std::string>{"B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12"};
  }
  if (sensor.starts_with("sentinel2-l1c") && count == 13) {
    return std::vector<std::string>{"B01", "B02", "B03", "B04", "B05", "B06", "B07",
                                    "B08", "B8A", "B09", "B10", "B11", "B12"};
  }
  return std::nullopt;
}

}  // namespace skysense
