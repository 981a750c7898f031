#pragma once

#include <ATen/CPUGeneratorImpl.h>

#include "core/random.h"
#include "data/place_sample.h"
#include "pretrain/options.h"

namespace skysense::testing {

/// Noise places with all modalities; every third has no SAR and every fourth no HR. All but one have a location.
class NoisePlaces : public PlaceDataset {
 public:
  explicit NoisePlaces(float scale = 1) : scale_(scale) {
    contracts_[Modality::kHr] = builtin_contract("aerial-rgb");
    contracts_[Modality::kMs] = builtin_contract("sentinel2-l2a");
    contracts_[Modality::kSar] = builtin_contract("sentinel1-grd-db");
  }
  int64_t size() const override { return 8; }
  PlaceSample get(int64_t number) const override {
    PlaceSample place;
    place.id = std::to_string(number);
    if (number != 5) place.longitude_deg = 10.0 * static_cast<double>(number % 3), place.latitude_deg = 45;
    if (number % 4 != 3) place.images[Modality::kHr] = series(number, 1, 3, 128, 0);
    place.images[Modality::kMs] = series(number, 3, 10, 16, 100);
    if (number % 3 != 2) place.images[Modality::kSar] = series(number, 2, 2, 16, 200);
    return place;
  }
  const SensorContracts& contracts() const override { return contracts_; }

 private:
  ImageSeries series(int64_t number, int64_t dates, int64_t channels, int64_t side, int64_t first_day) const {
    const auto generator = at::make_generator<at::CPUGeneratorImpl>(mix(number, channels));
    return {
        .values = at::rand({dates, channels, side, side}, generator) * scale_,
        .valid = torch::ones({dates, side, side}, torch::kBool),
        .day_of_year = first_day == 0 ? torch::zeros({dates}, torch::kLong) : torch::arange(dates) * 10 + first_day};
  }
  SensorContracts contracts_;
  const float scale_;
};

/// The smallest run that has every part of the model.
inline PretrainOptions small_options(int64_t steps) {
  PretrainOptions options = pretrain_options("nano");
  options.compute.device = "cpu";
  options.compute.threads = 1;
  options.model.depths = {1, 1, 1, 1};
  options.model.fusion_layers = 1;
  options.model.moe = {.experts = 2, .top_k = 1, .blocks = {3}};
  options.head = {.hidden = 32, .bottleneck = 16, .outputs = 32};
  options.views.ms_dates = 2;
  options.views.sar_dates = 1;
  options.views.local_views = 2;
  options.train.steps = steps;
  options.train.batch_size = 4;
  options.train.log_every = 1;
  options.train.checkpoint_every = 2;
  options.train.schedule.warmup_steps = 2;
  return options;
}

}  // namespace skysense::testing
