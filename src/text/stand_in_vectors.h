#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace skysense {

/// Fixed unit vectors for class names where there is no text encoder: float32 [K, dim], K names that all differ. They
/// are orthonormal where K <= dim, else drawn at random, so that two have a cosine of about 1 / sqrt(dim). They depend
/// on the set of names only: another order of the classes orders the rows, and every machine gives the same bits.
torch::Tensor stand_in_vectors(const std::vector<std::string>& names, int64_t dim);

}  // namespace skysense
