#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "viz/affinities.h"

namespace skysense {

/// Settings of t-SNE; the defaults are scikit-learn's.
struct TsneOptions {
  int64_t iterations = 1000;
  double exaggeration = 12;  ///< attraction is this many times larger at first
  int64_t exaggerated_iterations = 250;
  double learning_rate = 0;  ///< 0: max(N / exaggeration / 4, 50)
  double angle = 0.5;        ///< of the Barnes-Hut sums (viz/quad_tree.h)
  int64_t threads = 1;
};

/// Points of a plane whose neighbourhoods are those of `affinities`: Barnes-Hut t-SNE (van der Maaten, JMLR 2014) with
/// momentum and gains. `start` [N, 2] is where the points begin, best small (1e-4) and in the order of the data's main
/// components. `progress` is told of each iteration. -> [N, 2]; the same for any number of threads. Throws
/// std::logic_error where `start` has another size.
struct TsneResult {
  std::vector<double> xy;
  double kl_divergence = 0;  ///< sum of P log(P / Q) at the end
};
TsneResult tsne(const Affinities& affinities, const std::vector<double>& start, const TsneOptions& options,
                const std::function<void(int64_t)>& progress = {});

}  // namespace skysense
