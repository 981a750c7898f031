#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace skysense {

/// The processes that train together. This one is a process alone; engine/process_group.h has the others. Calls carry
/// no gradient, and every rank makes the same calls in the same order with tensors of the same shapes.
class Ranks {
 public:
  virtual ~Ranks() = default;
  virtual int64_t rank() const { return 0; }
  virtual int64_t size() const { return 1; }
  /// Among the ranks of this machine: the number of its GPU.
  virtual int64_t local_rank() const { return 0; }
  /// The rank that logs and writes what there is one of.
  bool is_first() const { return rank() == 0; }

  /// The sum over all ranks.
  virtual torch::Tensor sum(const torch::Tensor& own) const { return own; }
  /// log of the sum over all ranks of exp(own).
  virtual torch::Tensor log_sum(const torch::Tensor& own) const { return own; }
  /// Begins to make `values`, contiguous and on the ranks' device, their sum over all ranks; calling what is returned
  /// waits until they are. Until then nobody touches them. Every rank begins its sums in the same order.
  virtual std::function<void()> begin_sum(const torch::Tensor& values) const {
    return [] {};
  }
  /// Every tensor becomes that of rank `root`, in place. One type and device.
  virtual void copy_from(int64_t root, const std::vector<torch::Tensor>& tensors) const {}
  /// Returns when all ranks are here.
  virtual void wait_for_all() const {}
  /// The last call of a run that all ranks end together: returns when every rank has the results of all earlier ones.
  /// Who leaves without it may cut the connection before another has read what it sent.
  virtual void part() const {}
};

/// A process alone.
const Ranks& alone();

/// The rows of all ranks, the first rank's first.
struct GatheredRows {
  torch::Tensor rows;  ///< [N, d], without gradient
  int64_t first;       ///< where this rank's own begin
};

/// `own` [n, d], so many rows as a rank has; of a rank without any the width does not count. Every rank calls it.
GatheredRows gather_rows(const Ranks& ranks, const torch::Tensor& own);

/// The text that the first rank has, at most 64 KiB of it.
std::string text_of_first(const Ranks& ranks, const std::string& own);

}  // namespace skysense
