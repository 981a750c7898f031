#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/sensor_contract.h"
#include "raster/raster_reader.h"

namespace skysense {

/// One thing about a raster that does not fit a sensor contract.
struct ContractProblem {
  std::string band;   ///< the contract's band; empty where the whole raster is meant
  std::string found;  ///< what is there, with the value: "values of 0.02 to 0.61"
  std::string fix;    ///< what to do about it
  bool fatal = true;  ///< false: worth a warning, the raster can be used
  /// "band B04: found …; fix".
  std::string text() const;
};

/// What one contract band looks like in a raster; stored values of valid pixels, from a regular sample.
struct BandSummary {
  std::string name;
  int64_t raster_band = 0;  ///< from 0
  int64_t samples = 0;
  double minimum = 0, low = 0, median = 0, high = 0, maximum = 0;  ///< low and high: percentiles 2 and 98
};

/// The outcome of a check.
struct ContractReport {
  std::vector<ContractProblem> problems;
  std::vector<BandSummary> bands;
  ReadCounts counts;  ///< of the pixels looked at
};

/// A raster opened for a sensor: where the file declares no nodata value, alpha or mask, the contract's nodata holds.
RasterReader open_for_contract(const std::string& path, const SensorContract& contract,
                               const RasterValidity& validity = {});

/// For every contract band the raster's band (from 0): by the user's `band_map` ("B04=3,B03=2", counted from 1 as GDAL
/// does; bands that it leaves out are looked for by name), else by the band names of the file, else by colour, else by
/// order where the count is the contract's or that of the full product (12 bands of Sentinel-2 L2A, 13 of L1C).
/// Never guesses: throws DataError naming the first band that is not found, what the file has, and --bands.
std::vector<int64_t> find_bands(const RasterReader& reader, const SensorContract& contract,
                                const std::string& band_map = "");

/// The greatest band number of a map ("red=4,green=2" -> 4); 0 for an empty or malformed one.
int64_t last_mapped_band(const std::string& band_map);

/// The part of a map that speaks of one band: "B02=1,B11=2" and B11 -> "B11=2"; empty where none does.
std::string mapped_item(const std::string& band_map, const std::string& band);

/// Looks at a regular sample of the raster (the whole raster only where no valid pixel turns up): pixel type, scaling
/// (reflectance against DN, the Sentinel-2 offset of baseline 04.00, dB against linear), nodata, NaN, pixel size.
ContractReport examine_raster(const RasterReader& reader, const SensorContract& contract,
                              const std::vector<int64_t>& bands);

/// The problems alone.
std::vector<ContractProblem> check_raster(const RasterReader& reader, const SensorContract& contract,
                                          const std::vector<int64_t>& bands);

/// Throws DataError "<path>: does not fit <sensor>: <the fatal problems>" where there is one; logs the others as
/// warnings.
void require_contract(const RasterReader& reader, const SensorContract& contract, const std::vector<int64_t>& bands);

}  // namespace skysense
