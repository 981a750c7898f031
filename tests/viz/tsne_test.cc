#include "viz/tsne.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/random.h"
#include "viz/quad_tree.h"

namespace skysense {
namespace {

std::vector<float> random_rows(int64_t rows, int64_t width, uint64_t seed) {
  RandomStream stream(seed, 0, 0, "rows");
  std::vector<float> values;
  for (int64_t i = 0; i < rows * width; ++i) values.push_back(static_cast<float>(stream.normal()));
  return values;
}

/// Rows round `centres` far-apart corners.
std::vector<float> clusters(int64_t rows, int64_t width, int64_t centres) {
  auto values = random_rows(rows, width, 2);
  for (int64_t row = 0; row < rows; ++row) values[static_cast<size_t>(row * width + row % centres)] += 20;
  return values;
}

std::vector<double> small_start(int64_t rows) {
  RandomStream stream(5, 0, 0, "start");
  std::vector<double> start;
  for (int64_t i = 0; i < 2 * rows; ++i) start.push_back(1e-4 * stream.normal());
  return start;
}

double squared_distance(const float* a, const float* b, int64_t width) {
  double sum = 0;
  for (int64_t i = 0; i < width; ++i) sum += std::pow(static_cast<double>(a[i]) - b[i], 2);
  return sum;
}

TEST(Neighbours, AreThoseOfSortingAllDistances) {
  constexpr int64_t kRows = 77, kWidth = 5, kNearest = 9;
  auto values = random_rows(kRows, kWidth, 1);
  for (int64_t i = 0; i < 2 * kWidth; ++i) values[static_cast<size_t>(70 * kWidth + i)] = 0.25F;  // two equal rows
  for (const int64_t threads : {1, 3}) {
    const Neighbours found = nearest_neighbours(values, kWidth, kNearest, threads);
    for (int64_t row = 0; row < kRows; ++row) {
      std::vector<std::pair<double, int64_t>> others;
      for (int64_t other = 0; other < kRows; ++other) {
        const double distance = squared_distance(values.data() + row * kWidth, values.data() + other * kWidth, kWidth);
        if (other != row) others.emplace_back(distance, other);
      }
      std::sort(others.begin(), others.end());
      for (int64_t i = 0; i < kNearest; ++i) {
        const auto at = static_cast<size_t>(row * kNearest + i);
        EXPECT_EQ(found.rows[at], others[static_cast<size_t>(i)].second);
        EXPECT_NEAR(found.squared_distances[at], others[static_cast<size_t>(i)].first, 1e-5);
      }
    }
  }
}

TEST(Neighbours, RefusesMoreThanThereAre) {
  const auto values = random_rows(4, 2, 1);
  EXPECT_THROW(nearest_neighbours(values, 2, 4, 1), std::logic_error);
  EXPECT_THROW(nearest_neighbours(values, 3, 1, 1), std::logic_error);
}

TEST(Affinities, AreSymmetricSumToOneAndHaveThePerplexity) {
  constexpr int64_t kRows = 60;
  const Neighbours all = nearest_neighbours(random_rows(kRows, 3, 4), 3, kRows - 1, 1);
  const Affinities found = affinities_of(all, 10, 2);
  EXPECT_NEAR(std::accumulate(found.values.begin(), found.values.end(), 0.0), 1, 1e-5);
  std::vector<double> dense(static_cast<size_t>(kRows * kRows));
  for (int64_t row = 0; row < kRows; ++row) {
    for (int64_t at = found.first[static_cast<size_t>(row)]; at < found.first[static_cast<size_t>(row) + 1]; ++at)
      dense[static_cast<size_t>(row * kRows + found.columns[static_cast<size_t>(at)])] =
          found.values[static_cast<size_t>(at)];
  }
  for (int64_t i = 0; i < kRows; ++i) {
    for (int64_t j = 0; j < kRows; ++j)
      EXPECT_EQ(dense[static_cast<size_t>(i * kRows + j)], dense[static_cast<size_t>(j * kRows + i)]);
  }
  // Where all rows lie alike (corners of a regular simplex), every one keeps its own entropy: 1 / N each.
  std::vector<float> simplex(static_cast<size_t>(kRows * kRows));
  for (int64_t i = 0; i < kRows; ++i) simplex[static_cast<size_t>(i * kRows + i)] = 1;
  const Affinities even = affinities_of(nearest_neighbours(simplex, kRows, kRows - 1, 1), 30, 1);
  for (const float value : even.values) EXPECT_NEAR(value, 1.0 / (kRows * (kRows - 1)), 1e-9);
}

TEST(Affinities, TheNearestWeighTheMostAndPerplexityWidens) {
  std::vector<float> line;
  for (int i = 0; i < 50; ++i) line.push_back(static_cast<float>(i));
  const Neighbours neighbours = nearest_neighbours(line, 1, 40, 1);
  const auto first_row = [&](double perplexity) {
    const Affinities found = affinities_of(neighbours, perplexity, 1);
    return std::vector<float>(found.values.begin(), found.values.begin() + found.first[1]);
  };
  const auto narrow = first_row(3), wide = first_row(20);
  EXPECT_TRUE(std::is_sorted(narrow.rbegin(), narrow.rend()));
  EXPECT_GT(narrow[0], 2 * wide[0]);
  EXPECT_LT(narrow[15], wide[15]);
  EXPECT_THROW(affinities_of(neighbours, 40, 1), std::logic_error);
}

TEST(QuadTree, ExactSumsAreThoseOverAllPairsAndWideAnglesComeClose) {
  constexpr int64_t kPoints = 400;
  RandomStream stream(1, 0, 0, "points");
  std::vector<double> xy;
  for (int64_t i = 0; i < 2 * kPoints; ++i) xy.push_back(5 * stream.normal());
  for (int64_t i = 0; i < 60; ++i) xy[static_cast<size_t>(100 + i)] = i % 2 == 0 ? 1 : -2;  // thirty equal points
  const QuadTree tree(xy);
  ASSERT_EQ(tree.size(), kPoints);
  double error = 0, size = 0;
  for (int64_t position = 0; position < kPoints; ++position) {
    const auto point = static_cast<size_t>(tree.point(position));
    QuadTree::Repulsion expected;
    for (size_t other = 0; other < static_cast<size_t>(kPoints); ++other) {
      if (other == point) continue;
      const double dx = xy[2 * point] - xy[2 * other], dy = xy[2 * point + 1] - xy[2 * other + 1];
      const double q = 1 / (1 + dx * dx + dy * dy);
      expected.normaliser += q;
      expected.x += q * q * dx;
      expected.y += q * q * dy;
    }
    const auto exact = tree.repulsion(position, 0);
    EXPECT_NEAR(exact.normaliser, expected.normaliser, 1e-9);
    EXPECT_NEAR(exact.x, expected.x, 1e-9);
    EXPECT_NEAR(exact.y, expected.y, 1e-9);
    const auto close = tree.repulsion(position, 0.5);
    EXPECT_NEAR(close.normaliser / expected.normaliser, 1, 0.02);
    error += std::hypot(close.x - expected.x, close.y - expected.y);
    size += std::hypot(expected.x, expected.y);
  }
  EXPECT_LT(error, 0.03 * size);
  EXPECT_GT(error, 0) << "far squares count as one point";
}

TEST(Tsne, AnyNumberOfThreadsGivesTheSamePoints) {
  const auto values = random_rows(700, 6, 3);
  const auto points = [&](int64_t threads) {
    const Affinities affinities = affinities_of(nearest_neighbours(values, 6, 60, threads), 20, threads);
    return tsne(affinities, small_start(700), {.iterations = 300, .threads = threads}).xy;
  };
  const auto one = points(1);
  EXPECT_EQ(one, points(2));
  EXPECT_EQ(one, points(5));
}

TEST(Tsne, ClustersFarApartStayApart) {
  constexpr int64_t kRows = 300, kCentres = 3;
  const auto values = clusters(kRows, 8, kCentres);
  const Affinities affinities = affinities_of(nearest_neighbours(values, 8, 60, 2), 20, 2);
  const TsneResult found = tsne(affinities, small_start(kRows), {.iterations = 500, .threads = 2});
  const auto distance = [&](size_t a, size_t b) {
    return std::hypot(found.xy[2 * a] - found.xy[2 * b], found.xy[2 * a + 1] - found.xy[2 * b + 1]);
  };
  size_t wrong = 0;
  for (size_t i = 0; i < kRows; ++i) {
    size_t nearest = i == 0 ? 1 : 0;
    for (size_t j = 0; j < kRows; ++j) nearest = j != i && distance(i, j) < distance(i, nearest) ? j : nearest;
    wrong += nearest % kCentres != i % kCentres;
  }
  EXPECT_EQ(wrong, 0U);
  EXPECT_GT(found.kl_divergence, 0);
  EXPECT_LT(found.kl_divergence, tsne(affinities, small_start(kRows), {.iterations = 100, .threads = 2}).kl_divergence);
}

}  // namespace
}  // namespace skysense
