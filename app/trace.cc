#include "app/trace.h"

#include <fmt/format.h>
#include <torch/csrc/autograd/profiler_kineto.h>

#include <filesystem>

#include "core/error.h"
#include "engine/device.h"

namespace skysense::app {

void write_trace(const std::string& file, torch::Device device, const std::function<void()>& work) {
  using torch::profiler::impl::ActivityType;
  std::set<ActivityType> activities = {ActivityType::CPU};
  if (device.is_cuda()) activities.insert(ActivityType::CUDA);
  const torch::profiler::impl::ProfilerConfig config(torch::profiler::impl::ProfilerState::KINETO,
                                                     /*report_input_shapes=*/true);
  torch::autograd::profiler::prepareProfiler(config, activities);
  // Operators that our code calls, not the functions inside them.
  torch::autograd::profiler::enableProfiler(config, activities,
                                            {at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION});
  work();
  synchronise(device);
  const auto result = torch::autograd::profiler::disableProfiler();
  std::filesystem::remove(file);
  result->save(file);
  if (!std::filesystem::exists(file)) throw DataError(fmt::format("{}: the trace cannot be written", file));
}

}  // namespace skysense::app
