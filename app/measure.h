#pragma once

#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace skysense::app {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Of one value or more.
inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : 0.5 * (values[middle - 1] + values[middle]);
}

/// The best of ten multiplications of square matrices in the dtype, by the library that the network uses (oneDNN on a
/// CPU, which is up to twice as fast as MKL): what the device gives at most just now.
double gemm_peak_gflops(torch::Dtype dtype, torch::Device device);

/// The best of five copies of a large buffer, read and written bytes together.
double copied_bytes_per_second(torch::Device device);

/// Seconds since this process started, loading of libraries included; the kernel counts in hundredths.
double process_age_s();

}  // namespace skysense::app
