#include "viz/affinities.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "core/parallel_for.h"

namespace skysense {
namespace {

constexpr int kSteps = 100;
constexpr double kTolerance = 1e-5;  // of the entropy, in nats
constexpr int64_t kPiece = 256;

/// p [k], together 1, of one row: proportional to exp(-precision * distance) with the precision that the entropy asks
/// for.
void calibrate(const float* distances, int64_t k, double entropy, float* p) {
  double low = 0, high = std::numeric_limits<double>::infinity(), precision = 1;
  std::vector<double> weights(static_cast<size_t>(k));
  for (int step = 0; step < kSteps; ++step) {
    double sum = 0, mean = 0;
    for (int64_t i = 0; i < k; ++i) {
      const double beyond = static_cast<double>(distances[i]) - distances[0];  // from the nearest: no underflow of all
      const double weight = std::exp(-precision * beyond);
      weights[static_cast<size_t>(i)] = weight;
      sum += weight;
      mean += weight * beyond;
    }
    const double difference = std::log(sum) + precision * mean / sum - entropy;
    for (int64_t i = 0; i < k; ++i) p[i] = static_cast<float>(weights[static_cast<size_t>(i)] / sum);
    if (std::abs(difference) < kTolerance) return;
    (difference > 0 ? low : high) = precision;
    precision = std::isinf(high) ? precision * 2 : (low + high) / 2;
  }
}

}  // namespace

Affinities affinities_of(const Neighbours& neighbours, double perplexity, int64_t threads) {
  const int64_t k = neighbours.k, rows = static_cast<int64_t>(neighbours.rows.size()) / k;
  if (!(perplexity > 1) || !(perplexity < static_cast<double>(k)))
    throw std::logic_error("affinities_of: a perplexity that the neighbours cannot have");
  std::vector<float> conditional(neighbours.rows.size());
  parallel_for(rows, kPiece, threads, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      calibrate(neighbours.squared_distances.data() + row * k, k, std::log(perplexity), conditional.data() + row * k);
  });
  // Each row's own entries and those that others have of it.
  std::vector<std::vector<std::pair<int32_t, float>>> entries(static_cast<size_t>(rows));
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = row * k; i < (row + 1) * k; ++i) {
      const auto at = static_cast<size_t>(i);
      entries[static_cast<size_t>(row)].emplace_back(neighbours.rows[at], conditional[at]);
      entries[static_cast<size_t>(neighbours.rows[at])].emplace_back(static_cast<int32_t>(row), conditional[at]);
    }
  }
  Affinities affinities;
  affinities.first.push_back(0);
  const float total = 2 * static_cast<float>(rows);
  for (auto& row : entries) {
    std::stable_sort(row.begin(), row.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (size_t i = 0; i < row.size(); ++i) {
      const bool again = i > 0 && row[i].first == row[i - 1].first;
      if (!again) affinities.columns.push_back(row[i].first);
      if (!again) affinities.values.push_back(0);
      affinities.values.back() += row[i].second / total;
    }
    affinities.first.push_back(static_cast<int64_t>(affinities.columns.size()));
    row = {};
  }
  return affinities;
}

}  // namespace skysense
