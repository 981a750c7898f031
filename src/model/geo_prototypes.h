#pragma once

#include <torch/types.h>

#include <vector>

#include "core/earth_regions.h"

namespace skysense {

/// What pre-training learnt about each region of the globe: the geo-context prototypes P of paper App. A.3. They stay
/// on the CPU whatever the device, for the paper's 4096 x 100 x 1024 are 1.7 GB, of which a batch needs the rows of its
/// places' regions. A region that no place of the training lay in has zeros, and gives no context: random vectors, with
/// which the paper begins, would be noise to those who attend to them.
class GeoPrototypes {
 public:
  /// Nothing is known yet.
  GeoPrototypes(int64_t regions, int64_t prototypes, int64_t dim);
  /// values [regions, prototypes, d] float32, shared, on the CPU. Throws c10::ValueError for others.
  explicit GeoPrototypes(torch::Tensor values);

  /// The regions of places by their locations [B, 2] float64 (longitude, latitude, degrees; NaN where unknown), on the
  /// CPU; -1 where unknown. Throws DataError for a place that is not on Earth.
  std::vector<int64_t> regions_of(const torch::Tensor& locations) const;
  /// The prototypes of each place's region [B, P, d] on `device`: FusionInput::prototypes. Zeros, that is no context,
  /// for region -1 and for regions that nothing is known of; undefined where that is so for all.
  torch::Tensor gather(const std::vector<int64_t>& regions, torch::Device device) const;
  /// Whether a region has been learnt.
  bool knows(int64_t region) const;

  /// [regions, prototypes, d]; the learner writes into it.
  const torch::Tensor& values() const { return values_; }

 private:
  torch::Tensor values_;
  EarthRegions regions_;
};

}  // namespace skysense
