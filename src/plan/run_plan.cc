#include "plan/run_plan.h"

#include <fmt/format.h>

#include "core/error.h"
#include "model/parameter_count.h"
#include "pretrain/count_others.h"

namespace skysense {
namespace {

// Freed buffers stay in glibc's heap for the next ones (core/memory.h), which leaves gaps between tensors: the resident
// memory of nano and tiny with 1 and 4 places a step exceeds their tensors and the program by 14% to 16%.
constexpr double kHeapGaps = 0.15;

// What oneDNN keeps of the kernels that it compiles for the shapes of a network, which have the same number in every
// preset: with ONEDNN_PRIMITIVE_CACHE_CAPACITY=0 nano takes so much less.
constexpr double kCompiledKernels = 78.0 * 1024 * 1024;

}  // namespace

double RunPlan::share_of_peak() const { return time.total() > 0 ? time.products_at_peak / time.total() : 0; }

RunPlan plan_run(const PretrainOptions& options, const PerModality<int64_t>& channels, const DeviceProfile& device,
                 int64_t world_size, double process_bytes) {
  const TrainOptions& train = options.train;
  if (train.batch_size % (train.accumulate * world_size) != 0) {
    throw UsageError(fmt::format("train.batch_size {} is no multiple of train.accumulate {} times the {} processes",
                                 train.batch_size, train.accumulate, world_size));
  }
  const MemorySetting setting{.gpu = device.gpu, .ranks = world_size};
  RunPlan plan{.device = device,
               .places_at_once = train.batch_size / train.accumulate / world_size,
               .memory = estimate_step_memory(options, channels, setting),
               .process_bytes = process_bytes + (device.gpu ? 0 : kCompiledKernels),
               .work = step_work(options, channels, setting),
               .time = {},
               .disk = estimate_disk(options, channels),
               .world_size = world_size,
               .steps = train.steps,
               .batch_size = train.batch_size};
  plan.heap_gaps = device.gpu ? 0 : kHeapGaps * plan.memory.total();
  plan.time = estimate_step_time(plan.work, device, options.compute.dtype);
  plan.parameters = static_cast<double>(total_parameters(count_parameters(options.model, channels)));
  for (const ModuleCount& module : count_others(options))
    (module.name == "prototypes" ? plan.prototypes : plan.parameters) += static_cast<double>(module.parameters);
  // The step at work, those prepared in advance, and one in the making.
  const auto batches = static_cast<double>(options.loader.ahead + 2);
  plan.feed_bytes =
      batches * static_cast<double>(train.batch_size / world_size) * step_shape(options, channels, 1).batch_bytes();
  const int64_t kept_mib = options.loader.cache + (options.eval.every > 0 ? options.eval.cache : 0);
  plan.cache_bytes = static_cast<double>(kept_mib << 20);
  return plan;
}

std::string way_out(const PretrainOptions& options, const RunPlan& plan, int64_t world_size) {
  for (int64_t factor = 1; factor <= plan.places_at_once; ++factor) {
    if (plan.places_at_once % factor != 0) continue;
    for (const bool checkpointing : {false, true}) {
      if (checkpointing == options.model.activation_checkpointing && factor == 1) continue;
      if (!checkpointing && options.model.activation_checkpointing) continue;
      PretrainOptions changed = options;
      changed.model.activation_checkpointing = checkpointing;
      changed.train.accumulate = options.train.accumulate * factor;
      const MemorySetting setting{.gpu = plan.device.gpu, .ranks = world_size};
      RunPlan other = plan;
      other.memory = estimate_step_memory(changed, kDefaultSensors, setting);
      other.heap_gaps = plan.device.gpu ? 0 : kHeapGaps * other.memory.total();
      if (!other.fits() || other.is_tight()) continue;
      std::string settings;
      if (checkpointing && !options.model.activation_checkpointing)
        settings += " --set model.activation_checkpointing=true";
      if (factor > 1) settings += fmt::format(" --set train.accumulate={}", changed.train.accumulate);
      return fmt::format("; with{} it would need {:.1f} GiB", settings, other.device_bytes() / (1024.0 * 1024 * 1024));
    }
  }
  return "; take a smaller preset, more devices or smaller views";
}

}  // namespace skysense
