#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <map>

#include "core/error.h"
#include "ingest/array_series.h"
#include "ingest/series_writer.h"
#include "raster/array_file.h"

namespace skysense {
namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
constexpr double kFill = 65535;

/// "days since 1990-01-01" as days since 1970-01-01.
int64_t first_day(const ArrayFile& file) {
  const std::string unit = file.unit("t");
  const std::string prefix = "days since ";
  const auto date = unit.starts_with(prefix) ? parse_date(unit.substr(prefix.size(), 10)) : std::nullopt;
  if (!date)
    throw DataError(fmt::format("{}: the unit of t is '{}', expected 'days since YYYY-MM-DD'", file.path(), unit));
  return date->days_since_epoch();
}

TargetGrid grid_of(const ArrayFile& file, const std::string& array) {
  const auto x = file.numbers("x"), y = file.numbers("y");
  if (x.size() < 2 || y.size() < 2)
    throw DataError(fmt::format("{}: x and y have fewer than two coordinates", file.path()));
  const double step_x = x[1] - x[0], step_y = y[1] - y[0];  // coordinates are those of pixel centres
  return {file.wkt(array),
          {x[0] - step_x / 2, step_x, 0, y[0] - step_y / 2, 0, step_y},
          static_cast<int64_t>(x.size()),
          static_cast<int64_t>(y.size())};
}

/// The bands of a series as stored, [t, y, x] each.
class BandArrays {
 public:
  BandArrays(const ArrayFile& file, const std::string& prefix, const std::vector<std::string>& bands) {
    for (const std::string& band : bands) {
      arrays_.push_back(file.numbers(prefix + band));
      nodata_.push_back(file.nodata(prefix + band).value_or(kFill));
    }
  }
  /// Values [bands, y, x] of one date; NaN where missing.
  std::vector<float> date(size_t t, size_t plane) const {
    std::vector<float> values;
    for (size_t band = 0; band < arrays_.size(); ++band) {
      for (size_t i = 0; i < plane; ++i) {
        const double value = arrays_[band].at(t * plane + i);
        values.push_back(value == kFill || value == nodata_[band] ? kMissing : static_cast<float>(value));
      }
    }
    return values;
  }

 private:
  std::vector<std::vector<double>> arrays_;
  std::vector<double> nodata_;
};

}  // namespace

std::optional<SeriesConversion> convert_worldcereal(const std::filesystem::path& path,
                                                    const std::filesystem::path& folder, IndexReport& report) {
  if (path.extension() != ".nc") return std::nullopt;
  const ArrayFile file(path.string());
  const bool ms = file.contains("S2-L2A-B02"), sar = file.contains("S1-SIGMA0-VV") && file.contains("S1-SIGMA0-VH");
  if ((!ms && !sar) || !file.contains("t") || !file.contains("x") || !file.contains("y")) return std::nullopt;
  SeriesConversion conversion;
  conversion.consumed.push_back(path);
  const TargetGrid grid = grid_of(file, ms ? "S2-L2A-B02" : "S1-SIGMA0-VV");
  const size_t plane = static_cast<size_t>(grid.width * grid.height);
  const auto days = file.numbers("t");
  const int64_t first = first_day(file);
  int64_t dropped = 0;
  const auto date_of = [&](size_t t) { return date_from_days(first + static_cast<int64_t>(days[t])); };
  if (ms) {
    const SensorContract contract = builtin_contract("sentinel2-l2a");
    std::vector<std::string> sources;
    std::map<std::string, std::string> tags;
    for (const Band& band : contract.bands) {
      const bool stored = file.contains("S2-L2A-" + band.name);
      if (!stored && band.name != "B8A")
        throw DataError(fmt::format("{}: array S2-L2A-{} is missing", path.string(), band.name));
      sources.push_back(stored ? band.name : "B08");
      if (!stored) tags["SKYSENSE_FILLED"] = "B8A from B08";
    }
    if (!tags.empty())
      report.notes.push_back(
          fmt::format("{}: band B8A is missing and was filled from B08, the nearest band", path.filename().string()));
    const SeriesWriter writer(path, folder, contract, grid);
    const BandArrays arrays(file, "S2-L2A-", sources);
    for (size_t t = 0; t < days.size(); ++t)
      dropped += writer.write({arrays.date(t, plane), date_of(t), "", tags}, conversion) ? 0 : 1;
  }
  if (sar) {
    const SensorContract contract = builtin_contract("sentinel1-grd-db");
    const SeriesWriter writer(path, folder, contract, grid);
    const BandArrays arrays(file, "S1-SIGMA0-", {"VV", "VH"});
    for (size_t t = 0; t < days.size(); ++t) {
      SeriesImage image{arrays.date(t, plane), date_of(t), "", {}};
      for (float& value : image.values) value = value > 0 ? 20 * std::log10(value) - 83 : kMissing;
      dropped += writer.write(image, conversion) ? 0 : 1;
    }
    report.notes.push_back(
        fmt::format("{}: SAR digital numbers were converted to dB (20 log10 DN - 83)", path.filename().string()));
  }
  if (dropped > 0)
    report.notes.push_back(
        fmt::format("{}: {} dates without a valid pixel were left out", path.filename().string(), dropped));
  report.dropped_images += dropped;
  return conversion;
}

}  // namespace skysense
