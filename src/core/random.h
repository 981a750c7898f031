#pragma once

#include <cstdint>
#include <string_view>

namespace skysense {

/// An explicit random stream made from (seed, epoch, sample, purpose). There is no global seed: whatever number of
/// workers or ranks runs, a sample's randomness is the same. Integer arithmetic only, so the same on every machine.
/// SplitMix64 (Steele, Lea, Flood 2014) over a counter.
class RandomStream {
 public:
  explicit RandomStream(uint64_t state) : state_(state) {}
  /// `purpose` separates the streams of one sample ("dates", "crops", "colour").
  RandomStream(uint64_t seed, uint64_t epoch, uint64_t sample, std::string_view purpose);

  /// 64 uniform bits.
  uint64_t next();
  /// Uniform in [0, 1) with 53 bits.
  double uniform();
  /// Uniform in [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform integer in [0, count); count > 0.
  int64_t below(int64_t count);
  /// True with the given probability.
  bool chance(double probability) { return uniform() < probability; }
  /// Standard normal (Box-Muller).
  double normal();

 private:
  uint64_t state_;
};

/// Mixes two 64-bit values into one; a good avalanche, used for lattice noise and stream seeds.
uint64_t mix(uint64_t a, uint64_t b);
/// FNV-1a of the bytes.
uint64_t hash_text(std::string_view text);

}  // namespace skysense
