#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <set>
#include <sstream>

#include "core/config.h"
#include "core/error.h"
#include "ingest/band_names.h"
#include "ingest/contract_check.h"

namespace skysense {
namespace {

std::vector<std::string> contract_band_names(const SensorContract& contract) {
  std::vector<std::string> names;
  for (const Band& band : contract.bands) names.push_back(band.name);
  return names;
}

/// "B04=3,B03=2" as band name -> raster band from 0.
std::map<std::string, int64_t> parse_band_map(const std::string& text, const RasterReader& reader,
                                              const SensorContract& contract) {
  std::map<std::string, int64_t> map;
  const int64_t count = static_cast<int64_t>(reader.bands().size());
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ',');) {
    const size_t equals = item.find('=');
    int64_t number = 0;
    const char* end = item.data() + item.size();
    if (equals == std::string::npos || std::from_chars(item.data() + equals + 1, end, number).ptr != end ||
        equals + 1 == item.size()) {
      throw UsageError(fmt::format("--bands {}: expected NAME=NUMBER, e.g. B04=3", item));
    }
    const std::string name = item.substr(0, equals);
    if (contract.find_band(name) < 0) {
      const auto names = contract_band_names(contract);
      throw UsageError(fmt::format("--bands {}: sensor {} has no band '{}'; did you mean '{}'?", item, contract.name,
                                   name, nearest_word(name, names)));
    }
    if (number < 1 || number > count)
      throw DataError(fmt::format("{}: --bands {}: the file has bands 1 to {}", reader.path(), item, count));
    map[name] = number - 1;
  }
  return map;
}

std::string describe_bands(const RasterReader& reader) {
  std::vector<std::string> names;
  for (const RasterBand& band : reader.bands()) {
    names.push_back(!band.name.empty() ? band.name : !band.colour.empty() ? band.colour : "unnamed");
  }
  if (std::set<std::string>(names.begin(), names.end()) == std::set<std::string>{"unnamed"}) {
    return fmt::format("{} band{} without names", names.size(), names.size() == 1 ? "" : "s");
  }
  return fmt::format("{} band{} ({})", names.size(), names.size() == 1 ? "" : "s", fmt::join(names, ", "));
}

/// Raster band by canonical name; ambiguous names are left out.
std::map<std::string, int64_t> bands_by_name(const RasterReader& reader) {
  std::map<std::string, int64_t> found;
  std::set<std::string> twice;
  for (size_t i = 0; i < reader.bands().size(); ++i) {
    const RasterBand& band = reader.bands()[i];
    const std::string name = canonical_band(band.name.empty() ? band.colour : band.name);
    if (!name.empty() && !found.emplace(name, static_cast<int64_t>(i)).second) twice.insert(name);
  }
  for (const std::string& name : twice) found.erase(name);
  return found;
}

/// EuroSAT's files hold the 13 bands of L1C with B8A last, and no names. Cirrus (B10) shows which order a file has: it
/// sees no ground, so it is many times darker than its neighbours.
void refuse_eurosat_order(const RasterReader& reader) {
  constexpr int64_t kSide = 64;
  constexpr int64_t kWaterVapour = 9, kCirrus = 10;  // by the product's order; cirrus and B11 by EuroSAT's
  const PixelWindow centre{std::max<int64_t>(0, (reader.width() - kSide) / 2),
                           std::max<int64_t>(0, (reader.height() - kSide) / 2), std::min(kSide, reader.width()),
                           std::min(kSide, reader.height())};
  const std::vector<int64_t> bands = {kWaterVapour, kCirrus};
  std::vector<float> values(static_cast<size_t>(2 * centre.pixels()));
  reader.read(centre, bands, values.data(), nullptr);
  const auto middle = values.begin() + centre.pixels();
  const double tenth = std::accumulate(values.begin(), middle, 0.0),
               eleventh = std::accumulate(middle, values.end(), 0.0);
  if (4 * tenth >= eleventh) return;
  throw DataError(
      fmt::format("{}: of its 13 bands without names the 10th is as dark as B10 (cirrus), the 11th by the product's "
                  "order: EuroSAT's "
                  "files have B8A last; give --bands B02=2,B03=3,B04=4,B05=5,B06=6,B07=7,B08=8,B8A=13,B11=11,B12=12",
                  reader.path()));
}

}  // namespace

int64_t last_mapped_band(const std::string& band_map) {
  int64_t last = 0;
  for (size_t at = band_map.find('='); at != std::string::npos; at = band_map.find('=', at + 1)) {
    int64_t number = 0;
    std::from_chars(band_map.data() + at + 1, band_map.data() + band_map.size(), number);
    last = std::max(last, number);
  }
  return last;
}

std::string mapped_item(const std::string& band_map, const std::string& band) {
  const size_t at = ("," + band_map).find("," + band + "=");
  if (at == std::string::npos) return "";
  const size_t end = band_map.find(',', at);
  return band_map.substr(at, end == std::string::npos ? end : end - at);
}

std::vector<int64_t> find_bands(const RasterReader& reader, const SensorContract& contract,
                                const std::string& band_map) {
  const auto given = parse_band_map(band_map, reader, contract);
  auto named = bands_by_name(reader);
  bool any_named = false;
  for (const Band& band : contract.bands) any_named = any_named || named.contains(canonical_band(band.name));
  const int64_t count = static_cast<int64_t>(reader.bands().size());
  if (!any_named && given.empty()) {
    if (count == contract.channels()) return band_range(count);
    if (const auto order = product_band_order(contract.name, count)) {
      if (count == 13) refuse_eurosat_order(reader);
      for (size_t i = 0; i < order->size(); ++i) named[(*order)[i]] = static_cast<int64_t>(i);
    }
  }
  std::vector<int64_t> bands;
  for (const Band& band : contract.bands) {
    const auto by_map = given.find(band.name);
    const auto by_name = named.find(canonical_band(band.name));
    if (by_map != given.end()) {
      bands.push_back(by_map->second);
    } else if (by_name != named.end()) {
      bands.push_back(by_name->second);
    } else {
      throw DataError(fmt::format(
          "{}: band {} is missing: the file has {}, sensor {} wants {}; name them with --bands {}=N,… or choose "
          "another --sensor",
          reader.path(), band.name, describe_bands(reader), contract.name,
          fmt::join(contract_band_names(contract), ", "), band.name));
    }
  }
  return bands;
}

}  // namespace skysense
