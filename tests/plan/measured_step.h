#pragma once

#include <ATen/CPUGeneratorImpl.h>

#include "core/random.h"
#include "data/views.h"
#include "pretrain/training.h"
#include "testing/allocation_meter.h"

namespace skysense::testing {

inline SensorContracts three_sensors() {
  SensorContracts contracts;
  contracts[Modality::kHr] = builtin_contract("aerial-rgb");
  contracts[Modality::kMs] = builtin_contract("sentinel2-l2a");
  contracts[Modality::kSar] = builtin_contract("sentinel1-grd-db");
  return contracts;
}

/// A batch of places twice as wide as a global view that have everything.
inline std::vector<ViewBatch> full_batch(const PretrainOptions& options, const SensorContracts& contracts) {
  const ViewOptions& views = options.views;
  const auto noise = [&](Modality modality, uint64_t seed) {
    const int64_t side = 2 * views.global_cells * (modality == Modality::kHr ? views.hr_per_cell : 1);
    const int64_t dates = views.dates(modality), channels = contracts[modality]->channels();
    const auto generator = at::make_generator<at::CPUGeneratorImpl>(mix(seed, static_cast<uint64_t>(modality)));
    return ImageSeries{at::randn({dates, channels, side, side}, generator),
                       torch::ones({dates, side, side}, torch::kBool), torch::arange(dates, torch::kInt64) * 15 + 1};
  };
  std::vector<std::vector<View>> places;
  for (uint64_t number = 0; number < static_cast<uint64_t>(options.train.batch_size); ++number) {
    PlaceSample place;
    place.id = std::to_string(number);
    place.longitude_deg = 30.0 * static_cast<double>(number);
    place.latitude_deg = 45;
    for (const Modality modality : kModalities) place.images[modality] = noise(modality, number);
    places.push_back(make_views(place, contracts, views, options.augment, 0, 0, number));
  }
  std::vector<ViewBatch> batch;
  for (int64_t slot = 0; slot < views.views(); ++slot) batch.push_back(collate(places, slot, contracts, views));
  return batch;
}

/// Bytes of LibTorch's tensors at the peak of a training step on the CPU, those of both branches and the optimiser
/// included; the batch itself is not.
inline int64_t measured_step_bytes(const PretrainOptions& options) {
  const SensorContracts contracts = three_sensors();
  const auto batch = full_batch(options, contracts);
  return peak_allocation([&] {
    Training training(options, contracts, {}, alone(), torch::kCPU);
    for (int64_t number = 0; number < 2; ++number) training.step(batch, number);
  });
}

}  // namespace skysense::testing
