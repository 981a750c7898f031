#pragma once

#include <torch/types.h>

#include "data/place_sample.h"

namespace skysense::testing {

/// A sensor whose normalisation changes nothing.
inline SensorContract plain_contract(Modality modality, int64_t bands) {
  SensorContract contract;
  contract.name = "plain";
  contract.modality = modality;
  contract.physical_max = 64;
  for (int64_t b = 0; b < bands; ++b) contract.bands.push_back({.name = "band"});
  return contract;
}

inline SensorContracts plain_contracts() {
  SensorContracts contracts;
  contracts[Modality::kHr] = plain_contract(Modality::kHr, 3);
  contracts[Modality::kMs] = plain_contract(Modality::kMs, 4);
  contracts[Modality::kSar] = plain_contract(Modality::kSar, 3);
  return contracts;
}

/// Images in which band 0 is the ground x of the pixel's centre, band 1 its ground y, band 2 the date's number; days are
/// 10, 20, 30, …
inline ImageSeries ground_series(int64_t dates, int64_t bands, int64_t height, int64_t width, double pixels_per_cell) {
  auto values = torch::zeros({dates, bands, height, width});
  values.select(1, 0).copy_(((torch::arange(width) + 0.5) / pixels_per_cell).view({1, 1, width}));
  values.select(1, 1).copy_(((torch::arange(height) + 0.5) / pixels_per_cell).view({1, height, 1}));
  values.select(1, 2).copy_(torch::arange(dates).view({dates, 1, 1}));
  return {values, torch::ones({dates, height, width}, torch::kBool), 10 * (torch::arange(dates, torch::kInt64) + 1)};
}

/// A place of `cells` x `cells`: HR with `hr_per_cell` pixels a cell, MS and SAR series.
inline PlaceSample ground_place(int64_t cells, int64_t hr_per_cell, int64_t ms_dates, int64_t sar_dates) {
  PlaceSample place;
  place.id = "ground";
  place.images[Modality::kHr] = ground_series(1, 3, cells * hr_per_cell, cells * hr_per_cell, static_cast<double>(hr_per_cell));
  place.images[Modality::kHr]->day_of_year.zero_();
  place.images[Modality::kMs] = ground_series(ms_dates, 4, cells, cells, 1);
  place.images[Modality::kSar] = ground_series(sar_dates, 3, cells, cells, 1);
  return place;
}

}  // namespace skysense::testing
