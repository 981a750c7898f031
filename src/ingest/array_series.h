#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ingest/image_candidates.h"
#include "ingest/index_report.h"

namespace skysense {

/// Published layouts of image series in netCDF or HDF5 arrays, which no place can name as rasters: their images are
/// written as GeoTIFFs, one a date, with the bands of a sensor contract. Dates without a valid pixel are dropped and
/// counted in `report`; what else was done to the data is noted there.
struct SeriesConversion {
  std::vector<ImageCandidate> images;
  std::vector<std::filesystem::path> consumed;  ///< files that are part of it
};

/// WorldCereal inputs (netCDF): S2-L2A-B02 … [t, y, x] as 16-bit DN (65535 missing) and S1-SIGMA0-VV/VH as 16-bit DN
/// with dB = 20 log10(DN) - 83. B8A, which they lack, is filled from B08, the nearest band. Nothing for another layout.
std::optional<SeriesConversion> convert_worldcereal(const std::filesystem::path& file,
                                                    const std::filesystem::path& folder, IndexReport& report);

/// TreeSatAI time series (HDF5): sen-2-data [t, 10, 6, 6] DN with sen-2-masks (snow and cloud percentages),
/// sen-1-asc-data and sen-1-des-data [t, 2, 6, 6] linear power (written as dB), product names with the dates; and
/// beside it the aerial image of the same stem (bands NIR, G, B, R). The series have no georeference: they are centred
/// on the aerial image at 10 m. Nothing for another layout.
std::optional<SeriesConversion> convert_treesat(const std::filesystem::path& file, const std::filesystem::path& folder,
                                                IndexReport& report);

}  // namespace skysense
