#pragma once

#include <torch/types.h>

#include <vector>

namespace skysense {

/// One neighbour of a feature.
struct Neighbour {
  int64_t index = 0;
  double similarity = 0;  ///< cosine, -1 to 1
};

/// For each row of `features` [N, d] the `count` other rows most similar to it by the cosine, best first; ties go to
/// the lower index. Rows with NaN have no neighbours and are nobody's neighbour.
std::vector<std::vector<Neighbour>> nearest_rows(const torch::Tensor& features, int64_t count);

}  // namespace skysense
