#include "plan/device_profile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/config.h"
#include "core/error.h"

namespace skysense {
namespace {

constexpr double kTera = 1e12, kGiB = 1024.0 * 1024 * 1024;

// An H200 gives 772 of the 989 TFLOP/s of its data sheet in products of 8192 x 8192 bfloat16 matrices (`skysense
// bench`), and 139.8 GiB of its 141 GB are usable. The other GPUs have not been measured: their data sheets' dense
// figures are taken with the same share.
constexpr double kShareOfDataSheet = 772.0 / 989.0;
constexpr const char* kMeasured = "measured by skysense bench; bandwidth from the data sheet";
constexpr const char* kDataSheet = "data sheet times 0.78, the share that an H200 reaches";

DeviceProfile from_data_sheet(const char* name, double memory_gib, double bfloat16, double float32, double bandwidth) {
  return {.name = name,
          .gpu = true,
          .memory_bytes = memory_gib * kGiB,
          .bfloat16_flops = bfloat16 * kTera * kShareOfDataSheet,
          .float32_flops = float32 * kTera * kShareOfDataSheet,
          .bytes_per_second = bandwidth * kTera,
          .source = kDataSheet};
}

std::vector<DeviceProfile> make_devices() {
  DeviceProfile h200 = from_data_sheet("h200", 139.8, 989, 67, 4.8);
  h200.source = kMeasured;
  return {h200, from_data_sheet("h100", 79.1, 989, 67, 3.35), from_data_sheet("a100", 79.1, 312, 19.5, 2.04),
          from_data_sheet("l40s", 44.5, 362, 91.6, 0.864), from_data_sheet("rtx4090", 23.5, 165, 82.6, 1.01)};
}

}  // namespace

const std::vector<DeviceProfile>& known_devices() {
  static const std::vector<DeviceProfile> all = make_devices();
  return all;
}

const DeviceProfile& find_device(const std::string& name) {
  const auto found =
      std::find_if(known_devices().begin(), known_devices().end(), [&](const auto& d) { return d.name == name; });
  if (found != known_devices().end()) return *found;
  std::vector<std::string> names{"auto", "cpu", "cuda"};
  for (const DeviceProfile& device : known_devices()) names.push_back(device.name);
  throw UsageError(fmt::format("unknown device '{}'; did you mean '{}'? Devices are {}", name,
                               nearest_word(name, names), fmt::join(names, ", ")));
}

}  // namespace skysense
