#pragma once

#include <torch/types.h>

#include "engine/ranks.h"

namespace skysense {

/// The running centre of one head's teacher logits (DINO, arXiv 2104.14294, Eq. 4); state that the checkpoint knows.
class Centre {
 public:
  Centre(int64_t outputs, torch::Device device);
  const torch::Tensor& value() const { return value_; }
  /// Takes the valid rows of one micro-batch into account; `logits` [N, K], `valid` [N] bool.
  void observe(const torch::Tensor& logits, const torch::Tensor& valid);
  /// centre <- momentum * centre + (1 - momentum) * mean of the rows of all ranks since the last call. Without rows it
  /// stays.
  void update(double momentum, const Ranks& ranks = alone());
  /// Forgets the rows since the last update: a step left out.
  void forget() { pending_.zero_(); }

 private:
  torch::Tensor value_;    ///< [K]
  torch::Tensor pending_;  ///< [K + 1]: the rows' sum and their number
};

}  // namespace skysense
