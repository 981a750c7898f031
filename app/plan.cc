#include <fmt/format.h>
#include <torch/cuda.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/measure.h"
#ifdef SKYSENSE_RASTER
#include "app/plan_detect.h"
#include "app/plan_predict.h"
#endif
#include "app/pretrain_config.h"
#include "app/verbs.h"
#include "core/error.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/progress.h"
#include "engine/device.h"
#include "plan/run_plan.h"

namespace skysense::app {
namespace {

using Json = nlohmann::json;

struct PlanArguments {
  PretrainConfig config;
  std::string device = "auto";
  int64_t world_size = 1, steps = -1;
  double price = 0;
  bool json_only = false, force = false;
};

/// This machine's processor or GPU, measured as far as the plan asks: a second or two.
DeviceProfile measure_device(torch::Device device, const std::string& dtype) {
  DeviceProfile here{.name = device.is_cuda() ? "cuda" : "cpu", .gpu = device.is_cuda(), .source = "measured here"};
  const double flops = gemm_peak_gflops(parse_dtype(dtype), device) * 1e9;
  here.bfloat16_flops = here.float32_flops = flops;
  here.bytes_per_second = copied_bytes_per_second(device);
  here.memory_bytes = static_cast<double>(usable_memory_bytes(device));
  return here;
}

DeviceProfile profile_of(const std::string& name, const PretrainOptions& options) {
  const bool here = name == "auto" || name == "cpu" || name.starts_with("cuda");
  if (!here) return find_device(name);
  set_threads(options.compute.threads);
  return measure_device(parse_device(name), options.compute.dtype);
}

double gib(double bytes) { return bytes / (1024.0 * 1024 * 1024); }

Json parts_json(const std::vector<NamedBytes>& parts) {
  Json json = Json::object();
  for (const NamedBytes& part : parts) json[part.name] = part.bytes;
  return json;
}

Json plan_json(const RunPlan& plan, const PlanArguments& arguments, const PretrainOptions& options) {
  const MemoryEstimate& memory = plan.memory;
  const StepWork& work = plan.work;
  return {
      {"verb", "plan pretrain"},
      {"preset", options.preset},
      {"device",
       {{"name", plan.device.name},
        {"memory_bytes", plan.device.memory_bytes},
        {"flops", plan.device.flops(options.compute.dtype)},
        {"bytes_per_second", plan.device.bytes_per_second},
        {"source", plan.device.source}}},
      {"dtype", options.compute.dtype},
      {"world_size", arguments.world_size},
      {"batch_size", options.train.batch_size},
      {"accumulate", options.train.accumulate},
      {"places_at_once", plan.places_at_once},
      {"parameters", plan.parameters},
      {"prototypes", plan.prototypes},
      {"memory",
       {{"device_bytes", plan.device_bytes()},
        {"held", parts_json(memory.held)},
        {"at_peak", parts_json(memory.at_peak)},
        {"peak", memory.peak_phase},
        {"kept_activations_bytes", memory.kept_activations},
        {"process_bytes", plan.process_bytes},
        {"feed_bytes", plan.feed_bytes},
        {"cache_bytes", plan.cache_bytes},
        {"heap_gap_bytes", plan.heap_gaps},
        {"host_bytes", plan.host_bytes()},
        {"fits", plan.fits()}}},
      {"step",
       {{"flops", work.flops() * static_cast<double>(arguments.world_size)},
        {"recomputed_flops", work.recomputed_flops * static_cast<double>(arguments.world_size)},
        {"moved_bytes", work.moved_bytes},
        {"seconds", plan.time.total()},
        {"product_seconds", plan.time.products},
        {"memory_seconds", plan.time.memory},
        {"starting_seconds", plan.time.starting},
        {"samples_per_second", plan.samples_per_second()},
        {"share_of_peak", plan.share_of_peak()}}},
      {"run", {{"steps", options.train.steps}, {"seconds", plan.run_seconds()}, {"device_hours", plan.device_hours()}}},
      {"disk",
       {{"checkpoint_bytes", plan.disk.checkpoint()},
        {"optimizer_bytes", plan.disk.optimizer},
        {"checkpoints", plan.disk.checkpoints},
        {"log_bytes", plan.disk.logs},
        {"total_bytes", plan.disk.total()}}}};
}

void log_parts(const std::vector<NamedBytes>& parts) {
  for (const NamedBytes& part : parts) spdlog::info("    {:<24}{:>10.2f} GiB", part.name, gib(part.bytes));
}

void log_plan(const RunPlan& plan, const PlanArguments& arguments, const PretrainOptions& options) {
  const auto count = static_cast<double>(arguments.world_size);
  spdlog::info("{} on {} x {}, {}: {} places a step, {} at once on each device", options.preset, arguments.world_size,
               plan.device.name, options.compute.dtype, options.train.batch_size, plan.places_at_once);
  spdlog::info("  parameters                {:>10.1f} M, and {:.1f} M prototypes", plan.parameters / 1e6,
               plan.prototypes / 1e6);
  spdlog::info("  memory of each device     {:>10.2f} GiB of {:.1f} GiB, at its peak in: {}", gib(plan.device_bytes()),
               gib(plan.device.memory_bytes), plan.memory.peak_phase);
  log_parts(plan.memory.held);
  log_parts(plan.memory.at_peak);
  if (!plan.device.gpu)
    log_parts({{"program", plan.process_bytes},
               {"batches", plan.feed_bytes},
               {"caches", plan.cache_bytes},
               {"gaps of the heap", plan.heap_gaps}});
  spdlog::info("  memory of each process    {:>10.2f} GiB on the CPU{}", gib(plan.host_bytes()),
               plan.device.gpu ? "" : ", the above included");
  spdlog::info("  a step                    {:>10.3f} s: {:.1f} TFLOP, {:.0f}% of the peak of {:.1f} TFLOP/s ({})",
               plan.time.total(), plan.work.flops() * count / 1e12, 100 * plan.share_of_peak(),
               plan.device.flops(options.compute.dtype) / 1e12, plan.device.source);
  spdlog::info("  throughput                {:>10.2f} samples/s", plan.samples_per_second());
  spdlog::info("  {:<10} steps          {:>10}, {:.1f} device hours", options.train.steps,
               duration_text(plan.run_seconds()), plan.device_hours());
  if (arguments.price > 0)
    spdlog::info("  cost                      {:>10.2f} at {} for a device and hour",
                 plan.device_hours() * arguments.price, arguments.price);
  spdlog::info("  disk                      {:>10.2f} GiB: {} checkpoints of {:.2f} GiB, {:.3f} GiB of logs",
               gib(plan.disk.total()), plan.disk.checkpoints, gib(plan.disk.checkpoint()), gib(plan.disk.logs));
}

void plan_pretrain(const PlanArguments& arguments) {
  PretrainOptions options = arguments.config.resolve();
  options.model.check();
  if (arguments.steps >= 0) options.train.steps = arguments.steps;
  const auto process = static_cast<double>(resident_bytes());  // before measuring fills the heap
  const DeviceProfile device = profile_of(arguments.device, options);
  const RunPlan plan = plan_run(options, kDefaultSensors, device, arguments.world_size, process);
  if (!arguments.json_only) log_plan(plan, arguments, options);
  if (!plan.fits()) {
    const std::string message =
        fmt::format("{} needs {:.1f} GiB of the {:.1f} GiB that {} has{}", options.preset, gib(plan.device_bytes()),
                    gib(device.memory_bytes), device.name, way_out(options, plan, arguments.world_size));
    if (!arguments.force) throw DataError(message);
    spdlog::warn("{}", message);
  } else if (plan.is_tight()) {
    spdlog::warn("{:.0f}% of the memory: the estimate is within 15%, the allocator's gaps come on top",
                 100 * plan.device_bytes() / device.memory_bytes);
  }
  Json result = plan_json(plan, arguments, options);
  if (arguments.price > 0) result["run"]["cost"] = plan.device_hours() * arguments.price;
  print_result(result);
}

}  // namespace

void add_plan(CLI::App& program) {
  auto* verb = program.add_subcommand("plan", "Predict memory, time, cost and disk before anything runs");
  verb->require_subcommand(1);
  verb->footer(
      "Examples:\n"
      "  skysense plan pretrain --preset base --device h100 --set train.batch_size=8\n"
      "  skysense plan predict --model RUN scene.tif");
  auto* pretrain = verb->add_subcommand("pretrain", "What a pre-training run will need");
  const auto arguments = std::make_shared<PlanArguments>();
  arguments->config.add_to(*pretrain);
  pretrain
      ->add_option("--device", arguments->device,
                   "h200, h100, a100, l40s or rtx4090, which need not be here; or auto, cpu, cuda: measured here")
      ->capture_default_str();
  pretrain->add_option("--world-size", arguments->world_size, "devices, one a process")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  pretrain->add_option("--steps", arguments->steps, "in place of train.steps")->check(CLI::NonNegativeNumber);
  pretrain->add_option("--price", arguments->price, "of a device and hour, in any currency")
      ->check(CLI::NonNegativeNumber);
  pretrain->add_flag("--json", arguments->json_only, "only the JSON line, no table on stderr");
  pretrain->add_flag("--force", arguments->force, "a run that does not fit is a warning instead of an error");
  pretrain->footer(
      "Exits with 1 where the run does not fit into the device's memory, and says what would.\n"
      "Example: skysense plan pretrain --preset v2 --device h200 --world-size 64 --price 3 --set dtype=bfloat16 --set "
      "model.activation_checkpointing=true");
  pretrain->callback([arguments] { plan_pretrain(*arguments); });
#ifdef SKYSENSE_RASTER
  add_plan_predict(*verb);
  add_plan_detect(*verb);
#endif
}

}  // namespace skysense::app
