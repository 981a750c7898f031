#include "datasets/covers_present.h"

namespace skysense {

torch::Tensor covers_present(const torch::Tensor& cover, int64_t classes) {
  constexpr int64_t kLeastShare = 20;
  auto present = torch::zeros({classes}, torch::kInt64);
  const int64_t labelled = (cover >= 0).sum().item<int64_t>();
  for (int64_t k = 0; k < classes; ++k) {
    const int64_t cells = (cover == k).sum().item<int64_t>();
    present[k] = cells > 0 && cells * kLeastShare >= labelled ? 1 : 0;
  }
  return present;
}

}  // namespace skysense
