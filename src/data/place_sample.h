#pragma once

#include <torch/types.h>

#include <optional>
#include <string>

#include "core/sensor_contract.h"

namespace skysense {

/// The images of one modality over one place. HR is a series of one image, usually undated.
struct ImageSeries {
  torch::Tensor values;       ///< [T, C, H, W] float32, physical units of the contract (reflectance, dB, brightness)
  torch::Tensor valid;        ///< [T, H, W] bool: neither nodata, NaN nor masked
  torch::Tensor day_of_year;  ///< [T] int64, 1 to 366; 0 where the image has no date
};

/// One ground square as tensors. All modalities cover the same ground, each on its own grid.
struct PlaceSample {
  std::string id;
  PerModality<std::optional<ImageSeries>> images;
  torch::Tensor label;  ///< [H, W] int64 classes, -1 where unlabelled; undefined where the place has none
  std::optional<double> longitude_deg, latitude_deg;
  std::optional<int64_t> scene_class;
};

/// Places by number. Implementations: the synthetic world (synth/), an index of rasters (ingest/), tensor shards (data/).
class PlaceDataset {
 public:
  virtual ~PlaceDataset() = default;
  virtual int64_t size() const = 0;
  /// The same sample for the same number, always; callable from several threads. Throws DataError naming the file.
  virtual PlaceSample get(int64_t number) const = 0;
  /// The sensors of the places; absent modalities have none.
  virtual const SensorContracts& contracts() const = 0;
};

}  // namespace skysense
