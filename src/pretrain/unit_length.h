#pragma once

#include <torch/types.h>

namespace skysense {

/// Vectors x [.., d] divided by their lengths; those of next to no length are kept short.
inline torch::Tensor unit_length(const torch::Tensor& x) { return x / x.norm(2, -1, true).clamp_min(1e-6); }

}  // namespace skysense
