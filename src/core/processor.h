#pragma once

namespace skysense {

// What the fastest way to compute depends on, beside the sizes: the same on every run on one machine.

/// Whether the processor multiplies bfloat16 itself (AVX-512 BF16 or AMX). One that does not works in float32 and
/// rounds, which takes longer than float32 alone.
bool has_bfloat16_instructions();

/// Whether it is an Intel processor: MKL takes its fast code there alone.
bool is_intel();

}  // namespace skysense
