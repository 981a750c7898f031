#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "core/place_index.h"
#include "ingest/image_candidates.h"
#include "ingest/index_report.h"

namespace skysense {

/// How places are cut from scenes (skysense index --place-size).
struct CutOptions {
  double place_size_m = 640;
  double min_valid = 0.75;          ///< share of a place that an image must show, clouds aside
  double max_cloud = 0.5;           ///< largest share of a place that an image's validity layer may call unusable
  std::optional<int64_t> max_days;  ///< of an HR image from the nearest MS or SAR image of the place
  std::vector<Modality> required;   ///< a place without one of these is left out
};

/// Cuts places from images that overlap only partly: squares of one size, aligned to the grid of the reference system
/// that most images of the leading modality (MS; SAR where there is no MS, else HR) have, or to their UTM zones'. A
/// place gets every image of every modality that shows enough of its square and is not clouded past the limit, whatever
/// the image's own reference system; where squares of two zones overlap, the zone with more images keeps the ground.
///
/// Every image is read once over the squares under it (one band of a file a band) with its validity layer: its own or
/// the validity candidate of its date that covers it best. `report` gets the images without a georeference or of pixels
/// larger than half a place, the images
/// and places left out and why. Paths become relative to `dataset`; the places are sorted by id.
std::vector<PlaceRecord> cut_places(const std::vector<ImageCandidate>& candidates, const CutOptions& options,
                                    const std::filesystem::path& dataset, IndexReport& report,
                                    const std::function<void(int64_t done, int64_t total)>& progress);

}  // namespace skysense
