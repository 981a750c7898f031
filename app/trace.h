#pragma once

#include <torch/types.h>

#include <functional>
#include <string>

namespace skysense::app {

/// Runs `work` under LibTorch's profiler and writes what it saw, operators and GPU kernels with their times, as a
/// Chrome trace (https://ui.perfetto.dev opens it). Throws DataError where the file cannot be written.
void write_trace(const std::string& file, torch::Device device, const std::function<void()>& work);

}  // namespace skysense::app
