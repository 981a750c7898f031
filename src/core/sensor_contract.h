#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/modality.h"

namespace skysense {

/// One band of a sensor. Stored values become physical ones by physical = stored * scale + offset, and network input
/// by (physical - mean) / std.
struct Band {
  std::string name;          ///< the product's own name: B02, VV, red
  double wavelength_nm = 0;  ///< centre; 0 for radar
  double scale = 1, offset = 0;
  double mean = 0, std = 1;  ///< of the physical values
};

/// What a sensor's rasters hold: it lives with the dataset, is copied into every checkpoint, and prediction checks its
/// input against it (DESIGN 7).
struct SensorContract {
  std::string name;  ///< "sentinel2-l2a", "aerial-rgb", …
  Modality modality = Modality::kHr;
  double gsd_m = 1;      ///< ground sample distance
  std::string quantity;  ///< what the physical values are: "reflectance", "backscatter dB", "brightness"
  double physical_min = 0, physical_max = 1;  ///< plausible physical values; most of a raster beyond them is a mistake
  std::optional<double> nodata;               ///< stored value that means "no data" where a raster does not say
  std::vector<Band> bands;

  int64_t channels() const { return static_cast<int64_t>(bands.size()); }
  /// Whether the physical values are logarithms of power: a gain shifts them, and no value of theirs means "nothing".
  bool in_decibels() const { return quantity.ends_with("dB"); }
  /// Network input of a pixel without any signal (physical value 0), band by band; 0 in decibels.
  std::vector<double> no_signal() const;
  /// Index of the band, or -1.
  int64_t find_band(const std::string& band) const;
};

/// The contracts of a dataset or checkpoint: at most one sensor a modality.
using SensorContracts = PerModality<std::optional<SensorContract>>;

/// A contract that ships with the program: sentinel2-l2a, sentinel2-l1c, sentinel1-grd-db, sentinel1-grd-linear,
/// aerial-rgb, aerial-rgbn, landsat8-l2, …  Throws UsageError that lists them all and names the nearest.
SensorContract builtin_contract(const std::string& name);
std::vector<std::string> builtin_contract_names();

/// `contract.json`: {"format_version": 1, "sensors": {"hr": {...}, "ms": {...}}}. Reading throws DataError with
/// `origin`.
SensorContracts contracts_from_json(const nlohmann::json& json, const std::string& origin);
/// The same from a file's text.
SensorContracts parse_contracts(const std::string& text, const std::string& origin);
nlohmann::json contracts_to_json(const SensorContracts& contracts);

/// FOLDER/contract.json of a dataset or checkpoint, or that of the newest checkpoint of a run folder (FOLDER/model).
/// Throws DataError where it is missing or damaged.
SensorContracts read_contracts(const std::filesystem::path& folder);

}  // namespace skysense
