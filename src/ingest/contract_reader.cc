#include "ingest/contract_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "ingest/contract_check.h"
#include "raster/warp.h"

namespace skysense {
namespace {

SensorContract one_band(const SensorContract& contract, size_t band) {
  SensorContract single = contract;
  single.bands = {contract.bands[band]};
  return single;
}

}  // namespace

ContractReader::ContractReader(const std::vector<std::string>& paths, const SensorContract& contract,
                               const std::string& band_map, const RasterValidity& validity)
    : contract_(contract) {
  if (paths.size() == 1) {
    readers_.push_back(open_for_contract(paths[0], contract, validity));
    if (readers_[0].has_alpha() && last_mapped_band(band_map) > static_cast<int64_t>(readers_[0].bands().size())) {
      RasterValidity all_data = validity;  // who maps the band that is marked as transparency says that it is none
      all_data.alpha_is_data = true;
      readers_[0] = open_for_contract(paths[0], contract, all_data);
    }
    bands_.push_back(find_bands(readers_[0], contract, band_map));
    return;
  }
  if (static_cast<int64_t>(paths.size()) != contract.channels()) {
    throw DataError(
        fmt::format("{}: {} files, but sensor {} has {} bands: name one file, or one a band in the contract's order",
                    paths.empty() ? "image" : paths.front(), paths.size(), contract.name, contract.channels()));
  }
  for (size_t i = 0; i < paths.size(); ++i) {
    const std::string& path = paths[i];
    RasterReader reader = open_for_contract(path, contract, validity);
    const std::string item = mapped_item(band_map, contract.bands[i].name);
    if (item.empty() && reader.bands().size() != 1) {
      throw DataError(fmt::format("{}: has {} bands, expected one (a file a band)", path, reader.bands().size()));
    }
    const std::vector<int64_t> bands =
        item.empty() ? std::vector<int64_t>{0} : find_bands(reader, one_band(contract, i), item);
    if (reader.bands()[static_cast<size_t>(bands.front())].nodata == 0.0) {
      // 0 is also what dark water measures: it means nodata only where all bands hold it, which one file cannot tell.
      zero_is_nodata_ = true;
      RasterValidity all_bands = validity;
      all_bands.nodata = std::numeric_limits<double>::quiet_NaN();
      reader = RasterReader(path, all_bands);
    }
    readers_.push_back(std::move(reader));
    bands_.push_back(bands);
  }
  for (size_t i = 1; i < readers_.size(); ++i) {
    if (readers_[i].width() * readers_[i].height() > finest().width() * finest().height()) finest_ = i;
  }
}

ReadCounts ContractReader::read_stored_onto(const TargetGrid& grid, float* values, uint8_t* valid) const {
  const int64_t plane = grid.width * grid.height;
  ReadCounts counts;
  if (readers_.size() == 1) {
    counts = readers_[0].read_onto(grid, bands_[0], Resampling::kSmooth, values, valid);
  } else {
    std::vector<uint8_t> band_valid(static_cast<size_t>(plane)), all_zero(static_cast<size_t>(plane), 1);
    std::fill(valid, valid + plane, uint8_t{1});
    for (size_t band = 0; band < readers_.size(); ++band) {
      float* band_values = values + static_cast<int64_t>(band) * plane;
      const ReadCounts one =
          readers_[band].read_onto(grid, bands_[band], Resampling::kSmooth, band_values, band_valid.data());
      counts.pixels = std::max(counts.pixels, one.pixels);
      counts.nan = std::max(counts.nan, one.nan);
      // Resampled bands blur the border of the empty area: those on the grid itself decide.
      const bool decides = window_of_grid(readers_[band], grid).has_value();
      for (int64_t i = 0; i < plane; ++i) {
        valid[i] &= band_valid[static_cast<size_t>(i)];
        if (decides && band_values[i] != 0) all_zero[static_cast<size_t>(i)] = 0;
      }
    }
    int64_t valid_pixels = 0;
    for (int64_t i = 0; i < plane; ++i) {
      if (zero_is_nodata_ && all_zero[static_cast<size_t>(i)] != 0) valid[i] = 0;
      valid_pixels += valid[i];
    }
    counts.invalid = counts.pixels - valid_pixels;
  }
  return counts;
}

ReadCounts ContractReader::read_onto(const TargetGrid& grid, float* values, uint8_t* valid) const {
  const ReadCounts counts = read_stored_onto(grid, values, valid);
  scale(values, valid, grid.width * grid.height);
  return counts;
}

ReadCounts ContractReader::read_window(const PixelWindow& window, float* values, uint8_t* valid) const {
  const ReadCounts counts = readers_.front().read(window, bands_.front(), values, valid);
  scale(values, valid, window.pixels());
  return counts;
}

void ContractReader::scale(float* values, const uint8_t* valid, int64_t plane) const {
  for (size_t band = 0; band < contract_.bands.size(); ++band) {
    const float scale = static_cast<float>(contract_.bands[band].scale),
                offset = static_cast<float>(contract_.bands[band].offset);
    float* band_values = values + static_cast<int64_t>(band) * plane;
    for (int64_t i = 0; i < plane; ++i) band_values[i] = valid[i] != 0 ? band_values[i] * scale + offset : 0;
  }
}

std::vector<RasterBand> ContractReader::stored_bands() const {
  std::vector<RasterBand> stored;
  for (size_t i = 0; i < readers_.size(); ++i) {
    for (const int64_t band : bands_[i]) {
      stored.push_back(readers_[i].bands()[static_cast<size_t>(band)]);
      std::optional<double>& nodata = stored.back().nodata;
      if (zero_is_nodata_ && nodata && std::isnan(*nodata)) nodata = 0;  // taken out of the files, and decided here
    }
  }
  return stored;
}

bool ContractReader::lies_on(const TargetGrid& grid) const {
  return std::all_of(readers_.begin(), readers_.end(),
                     [&](const RasterReader& reader) { return window_of_grid(reader, grid).has_value(); });
}

ContractReport ContractReader::examine() const {
  if (readers_.size() == 1) return examine_raster(readers_[0], contract_, bands_[0]);
  ContractReport report;
  for (size_t band = 0; band < readers_.size(); ++band) {
    ContractReport one = examine_raster(readers_[band], one_band(contract_, band), bands_[band]);
    for (ContractProblem& problem : one.problems) {
      const bool coarse = band != finest_ && !problem.fatal && problem.band.empty();
      if (!coarse) report.problems.push_back(std::move(problem));
    }
    report.bands.insert(report.bands.end(), one.bands.begin(), one.bands.end());
    report.counts.pixels += one.counts.pixels;
    report.counts.invalid += one.counts.invalid;
    report.counts.nan += one.counts.nan;
  }
  return report;
}

}  // namespace skysense
