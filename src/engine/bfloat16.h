#pragma once

#include <torch/types.h>

namespace skysense {

/// Whether the processor multiplies bfloat16 itself (AVX-512 BF16 or AMX). One that does not works in float32 and
/// rounds, which takes longer than float32 alone.
bool has_bfloat16_instructions();

/// Says so where `dtype` is bfloat16 and `device` such a processor.
void warn_of_slow_bfloat16(torch::Device device, torch::Dtype dtype);

}  // namespace skysense
