#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

namespace skysense {

/// A learned vector for each day of the year, added to the features of a dated image (SkySense's date embedding).
class DayOfYearEmbeddingImpl : public torch::nn::Module {
 public:
  static constexpr int64_t kDays = 365;  ///< rows of the table; day 366 takes the last one (DESIGN 6)

  explicit DayOfYearEmbeddingImpl(int64_t dim);
  /// day_of_year [...] int64, 1 to 366, or 0 for an undated image -> [..., dim]; zeros for undated ones.
  /// Throws c10::ValueError for other days (checked on the CPU only: it would stall a GPU).
  torch::Tensor forward(const torch::Tensor& day_of_year);

 private:
  torch::Tensor weight_;  // [365, dim]
};
TORCH_MODULE(DayOfYearEmbedding);

}  // namespace skysense
