#pragma once

#include <cstdint>

namespace skysense {

/// A pseudo-random order of `size` places for one (seed, epoch), computed place by place: no table, so any step of any
/// epoch costs the same. A four-round Feistel network over the next even power of two, walked until it falls below size.
class EpochOrder {
 public:
  EpochOrder(uint64_t seed, uint64_t epoch, int64_t size);
  /// The place at `position`, both in [0, size). A bijection.
  int64_t place(int64_t position) const;

 private:
  uint64_t permute(uint64_t value) const;
  const int64_t size_;
  int half_bits_;
  uint64_t keys_[4];
};

}  // namespace skysense
