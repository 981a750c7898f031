#pragma once

#include "plan/disk_estimate.h"
#include "plan/step_time.h"

namespace skysense {

/// Channels of aerial-rgb, sentinel2-l2a and sentinel1-grd: what plans assume of the places.
inline constexpr PerModality<int64_t> kDefaultSensors{{3, 10, 2}};

/// Everything that a pre-training run is expected to need.
struct RunPlan {
  DeviceProfile device;
  double parameters = 0;  ///< that the student trains
  double prototypes = 0;  ///< numbers, not trained by gradients
  int64_t places_at_once = 0;
  MemoryEstimate memory;     ///< of one rank's step
  double process_bytes = 0;  ///< of the program itself, on the CPU
  double feed_bytes = 0;     ///< batches that one rank's loader holds, on the CPU
  double cache_bytes = 0;    ///< places that loader.cache and eval.cache keep, on the CPU
  double heap_gaps = 0;      ///< bytes that the C library's heap holds beside a step's tensors; none on a GPU
  StepWork work;
  StepTime time;
  DiskEstimate disk;
  int64_t world_size = 1, steps = 0, batch_size = 0;

  /// Of a process on the CPU, beside the step.
  double own_bytes() const { return process_bytes + feed_bytes + cache_bytes + heap_gaps; }
  /// Of one rank: of its GPU, or of the whole process where it computes on the CPU.
  double device_bytes() const { return memory.total() + (device.gpu ? 0 : own_bytes()); }
  double host_bytes() const { return device.gpu ? own_bytes() + memory.host : device_bytes(); }
  bool fits() const { return device.memory_bytes == 0 || device_bytes() <= device.memory_bytes; }
  /// Within the estimate's error of the limit.
  bool is_tight() const { return device.memory_bytes > 0 && device_bytes() > 0.85 * device.memory_bytes; }
  double samples_per_second() const { return static_cast<double>(batch_size) / time.total(); }
  double share_of_peak() const;
  double run_seconds() const { return static_cast<double>(steps) * time.total(); }
  double device_hours() const { return run_seconds() * static_cast<double>(world_size) / 3600; }
};

/// Throws UsageError where train.batch_size cannot be shared out.
RunPlan plan_run(const PretrainOptions& options, const PerModality<int64_t>& channels, const DeviceProfile& device,
                 int64_t world_size, double process_bytes);

/// The smallest change of the options with which a run that does not fit would: "; it would with --set …", or nothing.
std::string way_out(const PretrainOptions& options, const RunPlan& plan, int64_t world_size);

}  // namespace skysense
