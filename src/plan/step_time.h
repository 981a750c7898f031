#pragma once

#include "plan/device_profile.h"
#include "plan/memory_estimate.h"

namespace skysense {

/// What one rank computes and moves in an optimiser step.
struct StepWork {
  double student_flops = 0;     ///< forward and backward pass; two FLOPs are a multiply-add of a matrix product
  double teacher_flops = 0;     ///< its forward pass
  double recomputed_flops = 0;  ///< what activation checkpointing runs again: no work done
  double moved_bytes = 0;       ///< activations, gradients, weights and optimiser state to and from memory
  double operators = 0;         ///< run one after another
  double flops() const { return student_flops + teacher_flops; }
};

StepWork step_work(const PretrainOptions& options, const PerModality<int64_t>& channels, const MemorySetting& setting);

/// A step's duration in seconds.
struct StepTime {
  double products = 0;          ///< matrix products at the share of the device's peak that they reach
  double memory = 0;            ///< everything else that moves bytes
  double starting = 0;          ///< of operators, however small
  double products_at_peak = 0;  ///< what the products that count as work would take at the device's peak
  double total() const { return products + memory + starting; }
};

/// Time of the matrix products plus time of the memory traffic, each at a share of what the device can do, plus a time
/// for each operator. The shares are named in step_time.cc with the measurements that they come from. Waiting for data
/// or for other ranks is not in it: gradients are averaged while the backward pass runs.
StepTime estimate_step_time(const StepWork& work, const DeviceProfile& device, const std::string& dtype);

}  // namespace skysense
