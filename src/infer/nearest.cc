#include "infer/nearest.h"

#include <algorithm>

namespace skysense {

std::vector<std::vector<Neighbour>> nearest_rows(const torch::Tensor& features, int64_t count) {
  const auto rows = features.to(torch::kDouble).contiguous();
  const auto norms = rows.norm(2, {1}, true).clamp_min(1e-30);
  const auto unit = (rows / norms).contiguous();
  const auto finite = rows.isfinite().all(1);
  const int64_t total = rows.size(0);
  std::vector<std::vector<Neighbour>> found(total);
  for (int64_t i = 0; i < total; ++i) {
    if (!finite[i].item<bool>()) continue;
    const auto similarity = unit.matmul(unit[i]).contiguous();
    for (int64_t j = 0; j < total; ++j) {
      if (j != i && finite[j].item<bool>()) found[i].push_back({j, similarity.data_ptr<double>()[j]});
    }
    const auto kept = std::min<size_t>(found[i].size(), static_cast<size_t>(count));
    std::partial_sort(found[i].begin(), found[i].begin() + static_cast<std::ptrdiff_t>(kept), found[i].end(),
                      [](const Neighbour& a, const Neighbour& b) {
                        return a.similarity != b.similarity ? a.similarity > b.similarity : a.index < b.index;
                      });
    found[i].resize(kept);
  }
  return found;
}

}  // namespace skysense
