#pragma once

#include <torch/types.h>

namespace skysense {

/// Says that float32 is faster where `dtype` is bfloat16 and `device` a processor without instructions for it.
void warn_of_slow_bfloat16(torch::Device device, torch::Dtype dtype);

}  // namespace skysense
