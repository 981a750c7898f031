#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "probe/place_features.h"

namespace skysense {

/// The features of a labelled data set, one row a sample.
struct ProbeFeatures {
  std::vector<std::string> ids;
  torch::Tensor classes;                ///< [N] int64; -1 where there is none
  std::vector<torch::Tensor> features;  ///< of each encoder, [N, D]
  torch::Tensor pixel_statistics;       ///< [N, S]; undefined where not wanted
  int64_t skipped = 0;                  ///< samples that could not be read, or without a class or the modality
  double seconds_encoding = 0;          ///< spent in all encoders together

  /// The rows whose number is in `rows` [M] int64.
  ProbeFeatures subset(const torch::Tensor& rows) const;
};

struct CollectOptions {
  FeatureSource source;
  SensorContracts contracts;  ///< of the model: bands and normalisation
  bool pixel_statistics = false;
  bool need_class = true;  ///< false: samples without a class count as -1, those without the modality are no mistake
  bool strict = false;     ///< the first unusable sample is an error
  int64_t batch = 32;      ///< samples that are read, then encoded together
  std::string title = "features";  ///< of the progress line
};

/// Reads every sample of the data set once, the next batch while one is encoded, and encodes it with every encoder.
/// Unusable samples are named in warnings and counted; without `need_class` there may be none left. Throws DataError
/// where no sample is left, with `strict` for the first unusable one, and where the data set's bands are not the
/// model's.
ProbeFeatures collect_features(const PlaceDataset& data, const std::vector<const PlaceEncoder*>& encoders,
                               const CollectOptions& options);

}  // namespace skysense
