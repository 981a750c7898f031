#pragma once

#include <functional>

#include "data/place_sample.h"

namespace skysense {

/// How much to look at. What is looked at depends on these numbers and the dataset alone.
struct StatisticsOptions {
  int64_t max_places = 2000;        ///< evenly spaced over the dataset
  int64_t max_pixels_a_side = 256;  ///< of one image, evenly spaced
};

/// The dataset's contracts with mean and standard deviation of the physical values of valid pixels, band by band, each
/// pixel with equal weight. One place is in memory at a time. A band without a valid pixel keeps the numbers it had; a
/// standard deviation below 1e-6 is raised to it. `progress` gets the number of places done and their total.
SensorContracts measure_statistics(const PlaceDataset& dataset, const StatisticsOptions& options,
                                   const std::function<void(int64_t done, int64_t total)>& progress);

}  // namespace skysense
