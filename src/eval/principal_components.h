#pragma once

#include <torch/types.h>

namespace skysense {

/// features [N, D], N >= 2, on the CPU -> [N, min(components, N, D)] float64: the centred features along their main
/// directions, the widest first, each direction with its largest entry positive. Computed by one thread, so that the
/// number of threads changes no bit; shows its progress. Throws c10::ValueError for other shapes and features that are
/// not finite.
torch::Tensor principal_components(const torch::Tensor& features, int64_t components);

}  // namespace skysense
