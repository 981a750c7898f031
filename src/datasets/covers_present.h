#pragma once

#include <torch/types.h>

#include <cstdint>

namespace skysense {

/// Which of the classes 0 to `classes` - 1 lie on at least a 20th of the labelled cells of a map [H, W] int64 (-1:
/// unlabelled) -> [classes] 0 or 1.
torch::Tensor covers_present(const torch::Tensor& cover, int64_t classes);

}  // namespace skysense
