#pragma once

namespace skysense {

/// Whether the processor multiplies bfloat16 itself (AVX-512 BF16 or AMX). One that does not works in float32 and
/// rounds, which takes longer than float32 alone.
bool has_bfloat16_instructions();

}  // namespace skysense
