#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "core/place_index.h"
#include "ingest/index_report.h"

namespace skysense {

/// Places of a SkySense++ list: a JSON array of {"hr_path", "s2_path": [...], "s1_path": [...], "target_path"}, any of
/// which may be missing, empty or a single text; paths are relative to the list or absolute, dates come from file
/// names. Files that GDAL cannot open are left out and named in `report`; a place without any image too. Paths become
/// relative to `dataset`. Nothing where the file is JSON of another kind. Throws DataError for broken JSON.
std::optional<std::vector<PlaceRecord>> read_place_list(const std::filesystem::path& file,
                                                        const std::filesystem::path& dataset, IndexReport& report);

}  // namespace skysense
