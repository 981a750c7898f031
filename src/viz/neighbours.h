#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace skysense {

/// The nearest others of every row, nearest first; of equally near ones the lower number.
struct Neighbours {
  int64_t k = 0;
  std::vector<int32_t> rows;             ///< [N, k]
  std::vector<float> squared_distances;  ///< [N, k]
};

/// Exact nearest neighbours by Euclidean distance of `values` [N, width], 0 < k < N < 2^31: all pairs, N * N * width
/// subtractions, in which each distance is summed over the width in float32 in one order, so that the result is the
/// same for any number of threads. `progress` is told how many rows are done, from any thread but one at a time. Throws
/// std::logic_error for a k or a size that is none of these.
Neighbours nearest_neighbours(std::span<const float> values, int64_t width, int64_t k, int64_t threads,
                              const std::function<void(int64_t)>& progress = {});

}  // namespace skysense
