#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/place_sample.h"
#include "probe/probe_features.h"

namespace skysense {

/// Labelled samples to learn from and labelled samples to be judged on.
struct LabelledSplit {
  std::string data;                           ///< what the user called them, for messages
  std::shared_ptr<const PlaceDataset> train;  ///< all samples where `test` is empty
  std::shared_ptr<const PlaceDataset> test;
  std::vector<std::string> class_names;  ///< of the classes 0, 1, …; may be fewer than there are
  double test_share = 0.5;               ///< of `train` that is held out by id (is_held_out) where `test` is empty
};

/// The features of both sides. Classes are numbered from 0 without gaps.
struct SplitFeatures {
  ProbeFeatures train, test;
  std::vector<std::string> classes;  ///< names of those that occur; where the dataset has none, their numbers there
  int64_t skipped = 0;
  double seconds_encoding = 0;
};

/// Which of a model's features probes take where nothing else is wanted: those of the first modality that both the data
/// and the model have. Throws DataError where there is none.
FeatureSource default_feature_source(const SensorContracts& data, const SensorContracts& model,
                                     const std::string& name);

/// collect_features of both sides. Throws DataError as it does, for samples that are all of one class, and for a side
/// without samples.
SplitFeatures collect_split(const LabelledSplit& split, const std::vector<const PlaceEncoder*>& encoders,
                            const CollectOptions& options);

}  // namespace skysense
