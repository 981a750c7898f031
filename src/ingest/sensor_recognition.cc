#include "ingest/sensor_recognition.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "core/sensor_contract.h"
#include "ingest/band_names.h"
#include "ingest/validity_layer.h"

namespace skysense {
namespace {

using Kind = Recognition::Kind;

/// The words of the stem and of the two innermost folders, in lower case.
std::set<std::string> words_of(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.parent_path();
  const std::string text =
      path.stem().string() + "/" + folder.filename().string() + "/" + folder.parent_path().filename().string();
  std::set<std::string> words;
  std::string word;
  for (const char c : text + "/") {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!word.empty()) {
      words.insert(std::move(word));
      word.clear();
    }
  }
  return words;
}

bool any_word(const std::set<std::string>& words, const std::vector<std::string>& wanted) {
  return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& word) { return words.contains(word); });
}

bool any_word_with(const std::set<std::string>& words, const std::string& part) {
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return word.find(part) != std::string::npos; });
}

bool any_word_from(const std::set<std::string>& words, const std::vector<std::string>& beginnings) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return std::any_of(beginnings.begin(), beginnings.end(),
                       [&](const std::string& beginning) { return word.starts_with(beginning); });
  });
}

bool has_bands(const std::set<std::string>& names, const std::string& sensor) {
  const SensorContract contract = builtin_contract(sensor);
  return std::all_of(contract.bands.begin(), contract.bands.end(),
                     [&](const Band& band) { return names.contains(canonical_band(band.name)); });
}

std::string sensor_by_words(const std::set<std::string>& words, int64_t bands) {
  if (bands >= 10 || bands == 1) {
    if (any_word_with(words, "l1c") || any_word(words, {"toa", "s2a1c"})) return "sentinel2-l1c";
    if (any_word_with(words, "l2a") || any_word(words, {"boa", "s2a2a"})) return "sentinel2-l2a";
    if (any_word_from(words, {"s2", "sentinel2", "sen2"})) return "sentinel2-l2a";
  }
  if (bands <= 2 && any_word_from(words, {"s1", "sentinel1", "sen1"})) return "sentinel1-grd-db";
  if (any_word_from(words, {"lc08", "landsat8"})) return "landsat8-l2";
  return "";
}

std::string sensor_by_bands(const RasterFacts& facts) {
  std::set<std::string> names;
  for (const std::string& name : facts.band_names) names.insert(canonical_band(name));
  for (const std::string& colour : facts.colours) names.insert(colour);
  for (const char* sensor : {"sentinel2-l2a", "landsat8-l2", "sentinel1-grd-db"}) {
    if (has_bands(names, sensor)) return sensor;
  }
  if (facts.type == "Byte" && (facts.bands == 3 || (facts.bands == 4 && has_bands(names, "aerial-rgb"))))
    return "aerial-rgb";
  const bool sixteen_bits = facts.type == "UInt16" || facts.type == "Int16";
  if (sixteen_bits && facts.bands == 12) return "sentinel2-l2a";
  if (sixteen_bits && facts.bands == 13) return "sentinel2-l1c";
  return "";
}

}  // namespace

Recognition recognise(const RasterFacts& facts, const std::vector<std::string>& allowed) {
  const std::set<std::string> words = words_of(facts.path);
  const bool classes = facts.bands == 1 && facts.type != "Float32" && facts.type != "Float64";
  if (classes && (any_word(words, {"scl"}) || facts.path.stem().string().ends_with("QA_PIXEL") ||
                  is_cloud_mask(facts.path.string()))) {
    return {Kind::kValidity, "", ""};
  }
  if (classes && any_word(words, {"lulc", "label", "labels", "landcover", "target", "targets", "annotation",
                                  "annotations", "gt"})) {
    return {Kind::kLabel, "", ""};
  }
  if (any_word(words, {"s2rgb", "tci", "preview", "quicklook", "thumbnail"}))
    return {Kind::kUnknown, "", "a rendering for viewing, not measurements"};
  if (any_word(words, {"ndvi", "dem", "dsm", "slope", "elevation"}))
    return {Kind::kUnknown, "", "derived or elevation data, no sensor's bands"};
  if (allowed.size() == 1) return {Kind::kImage, allowed.front(), ""};
  std::string sensor = sensor_by_words(words, facts.bands);
  if (sensor.empty()) sensor = sensor_by_bands(facts);
  if (sensor.empty()) {
    return {Kind::kUnknown, "",
            fmt::format("no known sensor: {} band{} of type {}; say --sensor NAME", facts.bands,
                        facts.bands == 1 ? "" : "s", facts.type)};
  }
  if (allowed.empty()) return {Kind::kImage, sensor, ""};
  // A sensor asked for replaces the one of its family: sentinel2-l2a-0400 for sentinel2-l2a, aerial-rgbn for
  // aerial-rgb.
  for (const std::string& wanted : allowed) {
    if (wanted == sensor || wanted.starts_with(sensor)) return {Kind::kImage, wanted, ""};
  }
  return {Kind::kUnknown, "", fmt::format("is {}, which is none of the sensors asked for", sensor)};
}

}  // namespace skysense
