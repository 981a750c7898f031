#include "engine/bfloat16.h"

#include "core/log.h"
#include "core/processor.h"

namespace skysense {

void warn_of_slow_bfloat16(torch::Device device, torch::Dtype dtype) {
  if (device.is_cpu() && dtype == torch::kBFloat16 && !has_bfloat16_instructions()) {
    spdlog::warn("this processor has no instructions for bfloat16, so float32 is faster here");
  }
}

}  // namespace skysense
