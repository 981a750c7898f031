#include "data/epoch_order.h"

#include <stdexcept>

#include "core/random.h"

namespace skysense {

EpochOrder::EpochOrder(uint64_t seed, uint64_t epoch, int64_t size) : size_(size), half_bits_(1) {
  if (size < 1) throw std::logic_error("EpochOrder: size must be positive");
  while ((uint64_t{1} << (2 * half_bits_)) < static_cast<uint64_t>(size)) ++half_bits_;
  RandomStream stream(seed, epoch, 0, "epoch order");
  for (uint64_t& key : keys_) key = stream.next();
}

uint64_t EpochOrder::permute(uint64_t value) const {
  const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
  uint64_t left = value >> half_bits_, right = value & mask;
  for (const uint64_t key : keys_) {
    const uint64_t next = left ^ (mix(key, right) & mask);
    left = right;
    right = next;
  }
  return left << half_bits_ | right;
}

int64_t EpochOrder::place(int64_t position) const {
  // Cycle walking: the network permutes at most 4 * size values, so a walk is short, and it stays a bijection.
  uint64_t value = permute(static_cast<uint64_t>(position));
  while (value >= static_cast<uint64_t>(size_)) value = permute(value);
  return static_cast<int64_t>(value);
}

}  // namespace skysense
