#pragma once

#include <filesystem>
#include <vector>

#include "core/place_index.h"
#include "ingest/image_candidates.h"
#include "ingest/index_report.h"

namespace skysense {

/// Leaves one sensor a modality: the one of the most images (on a tie the first by name); images of the same sensor
/// with another offset (ingest/image_sensor.h) are brought to it. The others' images move to `report.skipped`; the
/// winners' names to `report.sensors`.
void keep_one_sensor(std::vector<ImageCandidate>& candidates, IndexReport& report);

/// Images of the same ground become one place:
///  - georeferenced images whose footprints agree (intersection over union of at least 0.5): series and modalities of
///  one
///    ground; a label or validity raster joins the place it agrees with (a validity raster the image of its date);
///  - an HR image within a larger MS or SAR footprint gets those images, which then are no place of their own;
///  - pictures without georeference join by equal stems in sibling folders of different modalities, else stand alone.
/// Where an HR-only search root has one folder a class (at least two folders that name no sensor), the folder's name is
/// the place's class. Paths become relative to `dataset`. The result is sorted by id.
std::vector<PlaceRecord> group_places(const std::vector<ImageCandidate>& candidates,
                                      const std::filesystem::path& dataset, IndexReport& report);

}  // namespace skysense
