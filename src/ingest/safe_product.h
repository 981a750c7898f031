#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ingest/image_candidates.h"

namespace skysense {

/// The `.SAFE` products among the files below a search root: folders NAME.SAFE, and zip archives that hold one
/// (as "/vsizip/ARCHIVE.zip/NAME.SAFE"). Sorted.
std::vector<std::string> find_safe_products(const std::vector<std::filesystem::path>& files);

/// The images of a Sentinel-2 L1C or L2A product, one a granule: the contract's bands from their finest files, the
/// values' offset as its metadata states it, and as validity the scene classification (L2A) or the mask of opaque
/// clouds (L1C of baseline 04.00 on). They are not checked yet (check_image).
///
/// Throws DataError for what is no use as it stands and says what to do: Sentinel-1 products, which have no grid before
/// terrain correction; products of the format before 2016-12; missing metadata, bands or quantification.
std::vector<ImageCandidate> read_safe_product(const std::string& product, const std::filesystem::path& root);

}  // namespace skysense
