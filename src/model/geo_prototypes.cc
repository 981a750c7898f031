#include "model/geo_prototypes.h"

#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

namespace skysense {

GeoPrototypes::GeoPrototypes(int64_t regions, int64_t prototypes, int64_t dim)
    : GeoPrototypes(at::zeros({regions, prototypes, dim})) {}

GeoPrototypes::GeoPrototypes(torch::Tensor values)
    : values_(std::move(values)), regions_(values_.dim() == 3 ? values_.size(0) : 1) {
  TORCH_CHECK_VALUE(values_.dim() == 3 && values_.scalar_type() == at::kFloat && values_.is_cpu(),
                    "prototypes must be [regions, prototypes, d] float32 on the CPU, got ", values_.sizes());
}

std::vector<int64_t> GeoPrototypes::regions_of(const torch::Tensor& locations) const {
  TORCH_CHECK_VALUE(
      locations.dim() == 2 && locations.size(1) == 2 && locations.scalar_type() == at::kDouble && locations.is_cpu(),
      "locations must be [B, 2] float64 on the CPU, got ", locations.sizes());
  std::vector<int64_t> regions;
  const auto rows = locations.accessor<double, 2>();
  for (int64_t b = 0; b < rows.size(0); ++b) {
    const bool known = !std::isnan(rows[b][0]) && !std::isnan(rows[b][1]);
    regions.push_back(known ? regions_.region_of(rows[b][0], rows[b][1]) : -1);
  }
  return regions;
}

torch::Tensor GeoPrototypes::gather(const std::vector<int64_t>& regions, torch::Device device) const {
  const auto learnt = [&](int64_t region) { return region >= 0 && knows(region); };
  if (std::none_of(regions.begin(), regions.end(), learnt)) return {};
  const auto nothing = at::zeros({values_.size(1), values_.size(2)});
  std::vector<torch::Tensor> rows;
  for (const int64_t region : regions) rows.push_back(learnt(region) ? values_[region] : nothing);
  return at::stack(rows).to(device);
}

bool GeoPrototypes::knows(int64_t region) const {
  // A mean of features is never all zeros; one prototype tells for all of the region.
  return values_[region][0].any().item<bool>();
}

}  // namespace skysense
