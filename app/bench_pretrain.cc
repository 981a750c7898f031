#include "app/bench_pretrain.h"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/measure.h"
#include "app/trace.h"
#include "core/config.h"
#include "core/log.h"
#include "data/views.h"
#include "engine/device.h"
#include "model/cost.h"
#include "pretrain/training.h"

namespace skysense::app {
namespace {

constexpr int kWarmUp = 2;  // steps: the first allocates, the second has the optimiser's state
// A sample's forward pass is counted once for every view (count_pretraining_sample). The student runs it and twice as
// much backward, the teacher runs it too; what checkpointing computes again is no work done.
constexpr double kPasses = 4;

ImageSeries noise(const SensorContract& contract, int64_t dates, int64_t side, uint64_t seed) {
  auto values = at::randn({dates, contract.channels(), side, side}, at::make_generator<at::CPUGeneratorImpl>(seed));
  for (int64_t band = 0; band < contract.channels(); ++band) {
    const Band& units = contract.bands[static_cast<size_t>(band)];
    values.select(1, band).mul_(units.std).add_(units.mean);
  }
  return {values, torch::ones({dates, side, side}, torch::kBool), torch::arange(dates, torch::kInt64) * 15 + 1};
}

std::vector<ViewBatch> noise_batch(const PretrainOptions& options, const SensorContracts& contracts) {
  const ViewOptions& views = options.views;
  const int64_t cells = 2 * views.global_cells;
  std::vector<std::vector<View>> places;
  for (int64_t number = 0; number < options.train.batch_size; ++number) {
    const auto seed = static_cast<uint64_t>(number);
    PlaceSample place;
    place.id = fmt::format("noise-{}", number);
    place.longitude_deg = static_cast<double>(number % 300) - 150;
    place.latitude_deg = static_cast<double>(number % 100) - 50;
    place.images[Modality::kHr] = noise(*contracts[Modality::kHr], 1, cells * views.hr_per_cell, seed);
    place.images[Modality::kMs] = noise(*contracts[Modality::kMs], views.ms_dates, cells, seed + 1000);
    place.images[Modality::kSar] = noise(*contracts[Modality::kSar], views.sar_dates, cells, seed + 2000);
    places.push_back(make_views(place, contracts, views, options.augment, 0, 0, seed));
  }
  std::vector<ViewBatch> batch;
  for (int64_t slot = 0; slot < views.views(); ++slot) batch.push_back(collate(places, slot, contracts, views));
  return batch;
}

}  // namespace

nlohmann::json bench_pretrain(const PretrainBench& bench) {
  PretrainOptions options = pretrain_options(bench.preset);
  options.compute.device = bench.device;
  options.compute.dtype = bench.dtype;
  options.train.batch_size = bench.batch;
  options.train.schedule.warmup_steps = 1;
  auto fields = fields_of(options);
  for (const std::string& assignment : bench.assignments) apply_assignment(fields, assignment);
  SensorContracts contracts;
  contracts[Modality::kHr] = builtin_contract("aerial-rgb");
  contracts[Modality::kMs] = builtin_contract("sentinel2-l2a");
  contracts[Modality::kSar] = builtin_contract("sentinel1-grd-db");

  const torch::Device device = parse_device(bench.device);
  const auto batch = noise_batch(options, contracts);
  const auto built = Clock::now();
  Training training(options, contracts, {}, alone(), device);
  const double build_s = seconds_since(built);
  double loss = 0;
  int64_t number = 0;
  for (; number < kWarmUp; ++number) training.step(batch, number);
  std::vector<double> times;
  for (; number < kWarmUp + bench.iterations; ++number) {
    const auto start = Clock::now();
    loss = training.step(batch, number).loss;
    synchronise(device);
    times.push_back(seconds_since(start));
  }
  const int64_t memory = peak_memory_bytes(device);
  if (!bench.trace.empty()) write_trace(bench.trace, device, [&] { training.step(batch, number); });

  const double seconds = median(times), samples = static_cast<double>(options.train.batch_size);
  const double macs = static_cast<double>(count_pretraining_sample(find_preset(bench.preset), /*every_token=*/false));
  const double gflops = 2 * kPasses * macs * samples / seconds * 1e-9;
  const double peak = gemm_peak_gflops(parse_dtype(bench.dtype), device);
  spdlog::info(
      "{} pretrain {}: {:.3f} s a step of {}, {:.2f} samples/s, {:.1f} GiB, {:.0f} GFLOP/s ({:.0f}% of the GEMM "
      "peak)",
      bench.preset, bench.dtype, seconds, options.train.batch_size, samples / seconds,
      static_cast<double>(memory) / (1 << 30), gflops, 100 * gflops / peak);
  return {{"preset", bench.preset},
          {"mode", "pretrain"},
          {"device", bench.device},
          {"dtype", bench.dtype},
          {"batch", bench.batch},
          {"set", bench.assignments},
          {"build_s", build_s},
          {"seconds", times},
          {"median_s", seconds},
          {"samples_per_second", samples / seconds},
          {"gflops", gflops},
          {"gemm_peak_gflops", peak},
          {"share_of_peak", gflops / peak},
          {"peak_memory_mb", static_cast<double>(memory) / (1 << 20)},
          {"loss", loss}};
}

}  // namespace skysense::app
