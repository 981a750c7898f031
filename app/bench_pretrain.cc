#include "app/bench_pretrain.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/measure.h"
#include "app/pretrain_case.h"
#include "app/trace.h"
#include "core/config.h"
#include "core/error.h"
#include "core/log.h"
#include "engine/device.h"
#include "engine/process_group.h"
#include "model/cost.h"
#include "pretrain/training.h"

namespace skysense::app {
namespace {

constexpr int kWarmUp = 2;  // steps: the first allocates, the second has the optimiser's state
// A sample's forward pass is counted once for every view (count_pretraining_sample). The student runs it and twice as
// much backward, the teacher runs it too; what checkpointing computes again is no work done.
constexpr double kPasses = 4;

}  // namespace

nlohmann::json bench_pretrain(const PretrainBench& bench) {
  PretrainOptions options = pretrain_options(bench.preset);
  options.compute.device = bench.device;
  options.compute.dtype = bench.dtype;
  options.train.batch_size = bench.batch;
  options.train.schedule.warmup_steps = 1;
  auto fields = fields_of(options);
  for (const std::string& assignment : bench.assignments) apply_assignment(fields, assignment);

  torch::Device device = parse_device(bench.device);
  auto ranks = std::make_unique<Ranks>();
  if (const auto launch = read_launch(environment_variables())) {
    device = parse_device_of_rank(bench.device, launch->local_rank);
    ranks = join_ranks(*launch, device, options.distributed);
    if (options.train.batch_size % ranks->size() != 0) {
      throw UsageError(
          fmt::format("--batch {} is no multiple of the {} processes", options.train.batch_size, ranks->size()));
    }
  }
  const PretrainCase on_noise = make_pretrain_case(options, *ranks);
  const auto built = Clock::now();
  Training training(options, on_noise.contracts, on_noise.class_texts, *ranks, device);
  const double build_s = seconds_since(built);
  if (!bench.save_case.empty()) save_pretrain_case(bench.save_case, on_noise, options, training.tensors().student);
  const std::vector<ViewBatch>& batch = on_noise.views;
  std::vector<double> times, losses;
  StepOutcome last;
  int64_t number = 0;
  for (; number < kWarmUp + bench.iterations; ++number) {
    ranks->wait_for_all();
    const auto start = Clock::now();
    last = training.step(batch, number);
    synchronise(device);
    if (number >= kWarmUp) times.push_back(seconds_since(start));
    losses.push_back(last.loss);
  }
  const int64_t memory = peak_memory_bytes(device);
  if (!bench.trace.empty()) write_trace(bench.trace, device, [&] { training.step(batch, number); });

  nlohmann::json parts;  // of the last step
  for (const auto& [name, value] : last.report.values(*ranks)) parts[name] = value;
  if (!ranks->is_first()) return {};
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
          {"batch", options.train.batch_size},
          {"threads", at::get_num_threads()},
          {"processes", ranks->size()},
          {"set", bench.assignments},
          {"build_s", build_s},
          {"seconds", times},
          {"median_s", seconds},
          {"samples_per_second", samples / seconds},
          {"gflops", gflops},
          {"gemm_peak_gflops", peak},
          {"share_of_peak", gflops / peak},
          {"peak_memory_mb", static_cast<double>(memory) / (1 << 20)},
          {"losses", losses},  // of every step, the untimed ones first
          {"parts", parts}};
}

}  // namespace skysense::app
