#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "ingest/image_candidates.h"
#include "ingest/index_report.h"

namespace skysense {

/// An rslearn dataset folder is one that has config.json with layers and windows/GROUP/NAME/metadata.json.
bool is_rslearn_dataset(const std::filesystem::path& config_file);

/// The images and label rasters of all windows: a layer's item groups (layers/LAYER, layers/LAYER.1, …) each give one
/// image, whose bands are joined from the layer's band sets. Dates are those of items.json, else the middle of the
/// window's time range. The sensor is told by the data source, the layer's name and the bands; values of Sentinel-2
/// layers that are not harmonized have the offset of baseline 04.00 from 2022-01-25 on. Label layers are single-band
/// rasters whose name says so. Images are not checked yet (check_image) and go to `take`; what is left out (unfinished
/// layers, vector layers, unknown sensors) goes to `report`. Throws DataError for a broken config.
void read_rslearn_dataset(const std::filesystem::path& config_file, IndexReport& report,
                          const std::function<void(ImageCandidate image)>& take);

}  // namespace skysense
