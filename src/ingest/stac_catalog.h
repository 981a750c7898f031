#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/stac_item.h"
#include "ingest/image_candidates.h"
#include "ingest/index_report.h"

namespace skysense {

/// The items that a file of a local STAC catalog holds or links to (`item` and `child` links, relative or absolute;
/// remote ones are named in `report`). `seen` keeps every document from being read twice. Each item goes to `take` with
/// the file that holds it. False where the file is JSON of another kind. Throws DataError for broken STAC.
bool walk_stac(const std::filesystem::path& file, std::set<std::filesystem::path>& seen, IndexReport& report,
               const std::function<void(const StacItem& item, const std::filesystem::path& file)>& take);

/// The image of an item whose files lie on this machine. The sensor is told by constellation, platform, collection and
/// id; bands are found by the names in eo:bands (or STAC 1.1's bands), the asset's key or common names; the finest file
/// of a band is taken, renderings and thumbnails never. The scene classification, QA_PIXEL or cloud mask becomes the
/// validity. What has to be added to the stored values comes from raster:bands, or else from Sentinel-2's processing
/// baseline. It is not checked yet (check_image). Throws DataError where sensor, bands or files are missing, where they
/// are remote, and where the item's reference system is not the file's.
ImageCandidate image_of_item(const StacItem& item, const std::filesystem::path& file,
                             const std::vector<std::string>& asked);

/// Every local file that the item names, absolute.
std::vector<std::filesystem::path> local_files(const StacItem& item, const std::filesystem::path& file);

}  // namespace skysense
