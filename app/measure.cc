#include "app/measure.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/randn.h>
#include <unistd.h>

#include <cmath>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "engine/device.h"
#include "model/linear.h"

namespace skysense::app {

double gemm_peak_gflops(torch::Dtype dtype, torch::Device device) {
  const int64_t side = device.is_cpu() ? 2048 : 8192;
  constexpr int kRepeats = 10;
  const auto a = at::randn({side, side}, at::make_generator<at::CPUGeneratorImpl>(1)).to(device, dtype);
  double best = 1e300;
  for (int i = 0; i < kRepeats; ++i) {
    synchronise(device);
    const auto start = Clock::now();
    apply_linear(a, a, {});
    synchronise(device);
    best = std::min(best, seconds_since(start));
  }
  return 2.0 * std::pow(static_cast<double>(side), 3) / best * 1e-9;
}

double copied_bytes_per_second(torch::Device device) {
  const int64_t numbers = int64_t{1} << (device.is_cpu() ? 26 : 29);  // far beyond any cache
  constexpr int kRepeats = 5;
  const auto from = at::empty({numbers}, torch::device(device)).fill_(1);
  auto to = at::empty_like(from);
  double best = 1e300;
  for (int i = 0; i < kRepeats; ++i) {
    synchronise(device);
    const auto start = Clock::now();
    to.copy_(from);
    synchronise(device);
    best = std::min(best, seconds_since(start));
  }
  return 2.0 * static_cast<double>(numbers) * sizeof(float) / best;
}

double process_age_s() {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::istringstream fields(text.substr(text.rfind(')') + 2));  // the name before it may hold spaces
  std::string field;
  for (int i = 0; i < 20; ++i) fields >> field;  // the start time is field 22 of the line
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec) -
         std::stod(field) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace skysense::app
