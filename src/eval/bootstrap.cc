#include "eval/bootstrap.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/random.h"

namespace skysense {
namespace {

/// Of sorted values, interpolated between the two nearest ranks.
double quantile(const std::vector<double>& sorted, double share) {
  const double rank = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(std::floor(rank));
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (rank - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

ConfidenceInterval bootstrap(int64_t items, const std::function<double(std::span<const int64_t>)>& score,
                             const BootstrapOptions& options) {
  TORCH_CHECK_VALUE(items > 0, "a bootstrap needs at least one item");
  TORCH_CHECK_VALUE(options.resamples > 1 && options.confidence > 0 && options.confidence < 1,
                    "a bootstrap takes more than one resample and a confidence within 0 and 1, not ", options.resamples,
                    " and ", options.confidence);
  std::vector<double> scores;
  std::vector<int64_t> drawn(static_cast<size_t>(items));
  for (int64_t resample = 0; resample < options.resamples; ++resample) {
    RandomStream random(options.seed, 0, static_cast<uint64_t>(resample), "bootstrap");
    std::fill(drawn.begin(), drawn.end(), 0);
    for (int64_t i = 0; i < items; ++i) ++drawn[static_cast<size_t>(random.below(items))];
    scores.push_back(score(drawn));
  }
  std::sort(scores.begin(), scores.end());
  const auto count = static_cast<double>(scores.size());
  double mean = 0, squares = 0;
  for (const double value : scores) mean += value / count;
  for (const double value : scores) squares += (value - mean) * (value - mean);
  const double tail = (1 - options.confidence) / 2;
  return {quantile(scores, tail), quantile(scores, 1 - tail), std::sqrt(squares / (count - 1))};
}

ConfidenceInterval bootstrap(std::span<const Confusion> images, const std::function<double(const Confusion&)>& score,
                             const BootstrapOptions& options) {
  const auto of_draw = [&](std::span<const int64_t> drawn) {
    Confusion sum(images.front().classes());
    std::vector<int64_t> counts(sum.counts().size());
    for (size_t i = 0; i < images.size(); ++i) {
      TORCH_CHECK_VALUE(images[i].classes() == sum.classes(), "confusion matrices of ", sum.classes(), " and ",
                        images[i].classes(), " classes");
      if (drawn[i] == 0) continue;
      for (size_t cell = 0; cell < counts.size(); ++cell) counts[cell] += drawn[i] * images[i].counts()[cell];
    }
    sum.add_counts(counts);
    return score(sum);
  };
  return bootstrap(static_cast<int64_t>(images.size()), of_draw, options);
}

}  // namespace skysense
