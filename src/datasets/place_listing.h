#pragma once

#include <filesystem>

#include "datasets/dataset_listing.h"
#include "datasets/dataset_options.h"
#include "datasets/places.h"

namespace skysense {

/// The tasks with images that stand beside the index: both HR flights (kChange, kSemanticChange) or the months
/// (kMonths) of `labels.jsonl`. Throws DataError where no place has them.
DatasetListing list_dated_places(PlaceTask task, const std::filesystem::path& folder, const DatasetOptions& options);
/// Places with `annotations/voc/ID.xml` beside the index, as 'skysense synth --labels boxes' writes them (kObjects),
/// with the images of all sensors. Throws DataError where there are none.
DatasetListing list_object_places(const std::filesystem::path& folder, const DatasetOptions& options);

}  // namespace skysense
