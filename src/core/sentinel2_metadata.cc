#include "core/sentinel2_metadata.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace skysense {
namespace {

/// The texts of all elements of that name that hold text alone, in order. Enough for a product's flat entries.
std::vector<std::string> texts_of(std::string_view xml, const std::string& name) {
  std::vector<std::string> texts;
  const std::string opening = "<" + name, closing = "</" + name + ">";
  for (size_t at = xml.find(opening); at != std::string_view::npos; at = xml.find(opening, at + 1)) {
    const size_t after = at + opening.size();
    if (after >= xml.size() || (xml[after] != '>' && xml[after] != ' ')) continue;  // a longer name
    const size_t begin = xml.find('>', after), end = xml.find(closing, after);
    if (begin == std::string_view::npos || end == std::string_view::npos || begin > end) continue;
    texts.emplace_back(xml.substr(begin + 1, end - begin - 1));
  }
  return texts;
}

std::string text_of(std::string_view xml, const std::string& name) {
  const auto texts = texts_of(xml, name);
  return texts.empty() ? "" : texts.front();
}

double number_of(const std::string& text, const std::string& name, const std::string& origin) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || end != text.c_str() + text.size() || !std::isfinite(number))
    throw DataError(fmt::format("{}: {} is '{}', not a number", origin, name, text));
  return number;
}

}  // namespace

Sentinel2Metadata parse_sentinel2_metadata(const std::string& xml, const std::string& origin) {
  Sentinel2Metadata metadata;
  const std::string type = text_of(xml, "PRODUCT_TYPE");
  if (type != "S2MSI1C" && type != "S2MSI2A")
    throw DataError(fmt::format("{}: its PRODUCT_TYPE is '{}', expected S2MSI1C or S2MSI2A", origin, type));
  const bool surface = type == "S2MSI2A";
  metadata.level = surface ? "l2a" : "l1c";
  metadata.baseline = text_of(xml, "PROCESSING_BASELINE");
  metadata.date = parse_date(text_of(xml, "PRODUCT_START_TIME"));
  const std::string quantification = surface ? "BOA_QUANTIFICATION_VALUE" : "QUANTIFICATION_VALUE";
  metadata.quantification = number_of(text_of(xml, quantification), quantification, origin);
  const std::string offset = surface ? "BOA_ADD_OFFSET" : "RADIO_ADD_OFFSET";
  const auto offsets = texts_of(xml, offset);
  if (!offsets.empty()) metadata.add_offset = number_of(offsets.front(), offset, origin);
  for (const std::string& other : offsets) {
    if (number_of(other, offset, origin) != metadata.add_offset)
      throw DataError(fmt::format("{}: the bands' {} differ ({} and {}), which is not supported", origin, offset,
                                  offsets.front(), other));
  }
  return metadata;
}

}  // namespace skysense
