#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/place_index.h"
#include "ingest/image_candidates.h"
#include "ingest/index_report.h"

namespace skysense {

/// What a search found so far.
struct Findings {
  std::vector<ImageCandidate> candidates;
  std::vector<PlaceRecord> listed;  ///< places of SkySense++ lists
  IndexReport report;
};

/// Looks for everything usable in a folder (or one file) and adds it to `findings`: Sentinel-2 `.SAFE` products, STAC
/// catalogs, rslearn datasets, SkySense++ lists, series in netCDF and HDF5 (written as GeoTIFFs below `dataset`), and
/// every other raster. `sensors` and `bands` are those of --sensor and --bands. What is left out is named in the
/// report. Throws DataError where there is no such folder.
void search_collection(const std::filesystem::path& input, const std::vector<std::string>& sensors,
                       const std::string& bands, const std::filesystem::path& dataset, Findings& findings);

}  // namespace skysense
