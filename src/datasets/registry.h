#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "datasets/dataset_options.h"
#include "datasets/labelled_dataset.h"

namespace skysense {

/// A published layout that can be read.
struct DatasetReader {
  std::string name;   ///< "levir-cd"
  std::string title;  ///< for people: what it is and where it comes from
  LabelKind label;
  std::function<std::unique_ptr<LabelledDataset>(const std::filesystem::path&, const DatasetOptions&)> open;
};

/// All readers, in the order of docs/datasets.md.
const std::vector<DatasetReader>& dataset_readers();
/// Throws UsageError that names the nearest one.
const DatasetReader& dataset_reader(const std::string& name);

/// The data set in a folder; of the readers of places also "synth:…" (datasets/places.h). Throws DataError where the
/// folder has another layout.
std::unique_ptr<LabelledDataset> open_labelled_dataset(const std::string& name, const std::filesystem::path& folder,
                                                       const DatasetOptions& options = {});

}  // namespace skysense
