#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/place_labels.h"
#include "datasets/dataset_options.h"
#include "datasets/place_source.h"
#include "datasets/places.h"

namespace skysense {

/// A dataset folder and what belongs to it: the folder itself is for training where it has a part `val/` or `test/`,
/// else its split is empty and to be drawn.
struct PlacesPart {
  std::filesystem::path folder;
  std::string split;
};
std::vector<PlacesPart> parts_of_places(const std::filesystem::path& folder);

/// The further labels of a dataset folder by id. Throws DataError where there is no `labels.jsonl`.
std::map<std::string, PlaceLabels> read_place_labels(const std::filesystem::path& folder);

/// The places of a dataset folder for the tasks with one label a place: kClass to kCrops. Classes are those that the
/// folder names (classes.json, label-classes.json), else Synthetic Earth's. Throws DataError naming the place, the
/// value and the pixel of a label beyond the classes; and what is missing.
std::unique_ptr<PlaceSource> open_stored_places(PlaceTask task, const std::filesystem::path& folder,
                                                const DatasetOptions& options);

}  // namespace skysense
