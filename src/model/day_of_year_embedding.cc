#include "model/day_of_year_embedding.h"

#include <ATen/ops/embedding.h>
#include <ATen/ops/zeros.h>

namespace skysense {

DayOfYearEmbeddingImpl::DayOfYearEmbeddingImpl(int64_t dim)
    : weight_(register_parameter("weight", at::zeros({kDays, dim}))) {}

torch::Tensor DayOfYearEmbeddingImpl::forward(const torch::Tensor& day_of_year) {
  TORCH_CHECK_VALUE(day_of_year.scalar_type() == at::kLong, "day_of_year must be int64, got ",
                    day_of_year.scalar_type());
  TORCH_CHECK_VALUE(!day_of_year.is_cpu() || day_of_year.numel() == 0 ||
                        (day_of_year.min().item<int64_t>() >= 0 && day_of_year.max().item<int64_t>() <= kDays + 1),
                    "day_of_year must be within 0 and 366, got ", day_of_year);
  const auto rows = at::embedding(weight_, day_of_year.clamp(1, kDays) - 1);
  return rows * (day_of_year > 0).unsqueeze(-1);
}

}  // namespace skysense
