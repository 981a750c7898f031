#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <string>

#include "core/options.h"
#include "model/autocast.h"

namespace skysense {

/// Where and in which type a run computes.
struct ComputeOptions {
  std::string device = "auto";    ///< auto, cpu, cuda or cuda:N
  std::string dtype = "float32";  ///< float32, or bfloat16 by autocast over float32 weights
  int64_t threads = 0;            ///< CPU threads of one operator; 0 is the number of cores
  /// Adds the keys `device`, `dtype` and `threads` at the current level.
  void describe(OptionFields& fields);
};

/// "auto" is the first GPU where there is one, else the CPU. Turns TF32 off where it is a GPU. Throws UsageError for
/// another word, DataError for a GPU that this machine, or this build, lacks.
torch::Device parse_device(const std::string& name);
/// The same for one of several processes: where it is a GPU and none is named by number, that of its local rank.
torch::Device parse_device_of_rank(const std::string& name, int64_t local_rank);
/// Where a module's weights are.
torch::Device device_of(const torch::nn::Module& module);
/// "cpu" or "cuda": what values depend on, whatever the number of the device.
std::string device_kind(torch::Device device);
/// "float32" or "bfloat16". Throws UsageError.
torch::Dtype parse_dtype(const std::string& name);
/// Threads of one operator; 0 leaves LibTorch's choice (OMP_NUM_THREADS, or the cores).
void set_threads(int64_t threads);
/// Waits until the device has done what was asked of it; nothing to wait for on the CPU.
void synchronise(torch::Device device);
/// The most memory that tensors took at once: on a GPU those of this process on it, on the CPU the process as a whole.
int64_t peak_memory_bytes(torch::Device device);
/// The memory that a process can use there at most: a GPU's own, or the machine's (or the control group's, if less).
int64_t usable_memory_bytes(torch::Device device);

}  // namespace skysense
