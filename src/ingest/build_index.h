#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ingest/index_report.h"
#include "ingest/place_cutting.h"

namespace skysense {

/// What `skysense index` is asked for.
struct BuildIndexOptions {
  std::vector<std::filesystem::path> inputs;  ///< folders to search, or SkySense++ JSON lists
  std::filesystem::path output;               ///< the dataset folder
  std::vector<std::string> sensors;           ///< built-in contracts to use; empty: recognised
  std::string bands;                          ///< "B04=3,…" for every image
  bool statistics = false;                    ///< measure mean and std instead of the built-in round figures
  bool overwrite = false;
  std::optional<CutOptions> cut;    ///< cut places from scenes instead of grouping images of equal footprints
  std::optional<double> hr_gsd_m;   ///< pixel size at which cut places' HR is read; its own where absent
  std::vector<std::string> osm;     ///< OpenStreetMap files to label every place from
  std::filesystem::path osm_rules;  ///< rules file for them; empty: the program's own
};

/// Builds a dataset folder: index.jsonl, contract.json, index-report.json, and converted/ for series that no place can
/// name as rasters. The folder appears whole or not at all. Throws UsageError for an unknown sensor, DataError where
/// nothing usable is found or the output exists.
IndexReport build_index(const BuildIndexOptions& options);

}  // namespace skysense
