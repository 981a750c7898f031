#pragma once

#include <string>
#include <vector>

namespace skysense {

/// What a plan needs to know of a device.
struct DeviceProfile {
  std::string name;
  bool gpu = false;
  double memory_bytes = 0;      ///< usable by one process; 0: unknown
  double bfloat16_flops = 0;    ///< a second, of large matrix products
  double float32_flops = 0;     ///< the same without TF32, as this program multiplies
  double bytes_per_second = 0;  ///< to and from memory
  std::string source;           ///< where the figures come from
  double flops(const std::string& dtype) const { return dtype == "bfloat16" ? bfloat16_flops : float32_flops; }
};

/// GPUs that plans know without having one: h200, h100, a100, l40s, rtx4090.
const std::vector<DeviceProfile>& known_devices();

/// Throws UsageError that names the nearest device and lists them all.
const DeviceProfile& find_device(const std::string& name);

}  // namespace skysense
