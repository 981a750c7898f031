#include "eval/knn.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "eval/checks.h"

namespace skysense {
namespace {

/// Rows of length 1 in double; a row of zeros stays one, similar to nothing.
torch::Tensor unit_rows(const torch::Tensor& features) {
  const auto rows = features.detach().to(torch::kCPU, torch::kFloat64);
  return rows / rows.norm(2, 1, true).clamp_min(1e-12);
}

/// The class with most votes among the `k` most similar of `count` training samples.
int64_t vote(const float* similarity, const int64_t* train_classes, int64_t count, int64_t k, double temperature,
             std::vector<int64_t>& order, std::vector<double>& votes) {
  order.resize(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](int64_t a, int64_t b) {
    return similarity[a] != similarity[b] ? similarity[a] > similarity[b] : a < b;
  });
  std::fill(votes.begin(), votes.end(), 0);
  for (int64_t i = 0; i < k; ++i) {
    const int64_t neighbour = order[static_cast<size_t>(i)];
    votes[static_cast<size_t>(train_classes[neighbour])] += std::exp(similarity[neighbour] / temperature);
  }
  return std::max_element(votes.begin(), votes.end()) - votes.begin();
}

}  // namespace

torch::Tensor knn_predict(const torch::Tensor& train_features, const torch::Tensor& train_classes,
                          const torch::Tensor& test_features, int64_t classes, const KnnOptions& options) {
  check_samples(train_features, train_classes, classes);
  check_features(test_features);
  TORCH_CHECK_VALUE(test_features.size(1) == train_features.size(1), "test features of width ", test_features.size(1),
                    ", training features of width ", train_features.size(1));
  TORCH_CHECK_VALUE(options.k > 0 && options.temperature > 0 && options.chunk > 0,
                    "k, temperature and chunk are positive");
  const auto train = unit_rows(train_features), test = unit_rows(test_features);
  const auto labels = train_classes.to(torch::kCPU, torch::kInt64).contiguous();
  const int64_t count = train.size(0), k = std::min(options.k, count);

  auto predicted = torch::empty({test.size(0)}, torch::kInt64);
  for (int64_t first = 0; first < test.size(0); first += options.chunk) {
    const int64_t last = std::min(first + options.chunk, test.size(0));
    // Products in double rounded to float: equal samples are equally similar, whatever the blocking of the product.
    const auto similarity = torch::matmul(test.slice(0, first, last), train.t()).to(torch::kFloat32).contiguous();
    at::parallel_for(0, last - first, 1, [&](int64_t begin, int64_t end) {
      std::vector<int64_t> order;
      std::vector<double> votes(static_cast<size_t>(classes));
      for (int64_t row = begin; row < end; ++row) {
        predicted.data_ptr<int64_t>()[first + row] =
            vote(similarity.data_ptr<float>() + row * count, labels.data_ptr<int64_t>(), count, k, options.temperature,
                 order, votes);
      }
    });
  }
  return predicted;
}

}  // namespace skysense
