#pragma once

#include <torch/types.h>

namespace skysense {

/// The processes that train together, as far as losses and their statistics need to know: every denominator, centre,
/// balanced target and prototype passes through here. This one is a process alone. All calls carry no gradient, and
/// every rank makes them in the same order with tensors of the same shape.
class Ranks {
 public:
  virtual ~Ranks() = default;
  virtual int64_t size() const { return 1; }
  /// The sum over all ranks.
  virtual torch::Tensor sum(const torch::Tensor& own) const { return own; }
  /// log of the sum over all ranks of exp(own).
  virtual torch::Tensor log_sum(const torch::Tensor& own) const { return own; }
};

}  // namespace skysense
