#pragma once

#include <cstdint>
#include <vector>

#include "viz/neighbours.h"

namespace skysense {

/// The joint probabilities P of t-SNE as a sparse symmetric matrix, row by row.
struct Affinities {
  std::vector<int64_t> first;    ///< [N + 1]: where each row begins in the two below
  std::vector<int32_t> columns;  ///< rising within a row
  std::vector<float> values;     ///< all together 1
};

/// P of van der Maaten and Hinton 2008, Eqs. 1-2, over each row's neighbours alone (van der Maaten 2014, sec. 4.1): a
/// Gaussian round every row whose entropy is log(perplexity), 1 < perplexity < k, made symmetric. Throws
/// std::logic_error for another perplexity.
Affinities affinities_of(const Neighbours& neighbours, double perplexity, int64_t threads);

}  // namespace skysense
