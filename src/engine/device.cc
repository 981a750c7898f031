#include "engine/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <fmt/format.h>
#include <torch/cuda.h>

#include <charconv>

#include "core/error.h"
#include "core/memory.h"

namespace skysense {
namespace {

/// The N of "cuda:N".
int64_t gpu_number(const std::string& name) {
  int64_t number = -1;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + 5, end, number);
  return error == std::errc() && stop == end ? number : -1;
}

torch::Device gpu(int64_t number) {
  const int64_t count = torch::cuda::device_count();
  if (number < count) {
    // float32 means float32: convolutions would be of TF32, whose products have 10 bits.
    at::globalContext().setAllowTF32CuDNN(false);
    return torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(number));
  }
  if (count > 0)
    throw DataError(
        fmt::format("device cuda:{}: this machine has {} GPU(s); use cuda:0 to cuda:{}", number, count, count - 1));
  throw DataError("device cuda: no usable NVIDIA GPU, or a build without CUDA; take device cpu");
}

}  // namespace

void ComputeOptions::describe(OptionFields& fields) {
  fields("device", device, "auto, cpu, cuda or cuda:N");
  fields("dtype", dtype, "type of matrix products; weights stay float32").one_of({"float32", "bfloat16"});
  fields("threads", threads, "CPU threads of one operator; 0 is one a core").between(0, 4096);
}

torch::Device parse_device(const std::string& name) {
  if (name == "cpu") return torch::kCPU;
  if (name == "auto") return torch::cuda::device_count() > 0 ? gpu(0) : torch::Device(torch::kCPU);
  if (name == "cuda") return gpu(0);
  if (name.starts_with("cuda:") && gpu_number(name) >= 0) return gpu(gpu_number(name));
  throw UsageError(fmt::format("device is '{}'; it is auto, cpu, cuda or cuda:N", name));
}

torch::Device parse_device_of_rank(const std::string& name, int64_t local_rank) {
  const torch::Device device = parse_device(name);
  return device.is_cuda() && !name.starts_with("cuda:") ? gpu(local_rank) : device;
}

torch::Device device_of(const torch::nn::Module& module) { return module.parameters().front().device(); }

std::string device_kind(torch::Device device) { return c10::DeviceTypeName(device.type(), /*lower_case=*/true); }

torch::Dtype parse_dtype(const std::string& name) {
  if (name == "float32") return torch::kFloat32;
  if (name == "bfloat16") return torch::kBFloat16;
  throw UsageError(fmt::format("dtype is '{}'; it is float32 or bfloat16", name));
}

void set_threads(int64_t threads) {
  if (threads > 0) at::set_num_threads(static_cast<int>(threads));
}

void synchronise(torch::Device device) {
  if (device.is_cuda()) torch::cuda::synchronize(device.index());
}

int64_t peak_memory_bytes(torch::Device device) {
  if (device.is_cpu()) return peak_resident_bytes();
  using c10::CachingAllocator::StatType;
  const auto stats = at::getDeviceAllocator(device.type())->getDeviceStats(device.index());
  return stats.allocated_bytes[static_cast<size_t>(StatType::AGGREGATE)].peak;
}

int64_t usable_memory_bytes(torch::Device device) {
  if (device.is_cpu()) return machine_memory_bytes();
  return static_cast<int64_t>(at::getDeviceAllocator(device.type())->getMemoryInfo(device.index()).second);
}

}  // namespace skysense
